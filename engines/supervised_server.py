"""What PostgreSQL and Triton as child processes have in common: start, supervision, restart, stop.

The owner's event loop restarts the server (`restart_policy`). A guard process between them ends the server when the
owner ends (`parent_death_guard`, `guarded_process`).
"""

import asyncio
import itertools
import logging
import os
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self

from engines.errors import EngineError, GaveUp, StartFailed
from engines.guarded_process import GuardedProcess
from engines.restart_policy import RestartHistory, RestartPolicy

State = Literal["stopped", "starting", "ready", "restarting", "failed"]

READY_POLL_S = 0.1
LOG_TAIL_LINES = 30
LOGS_KEPT = 20

_log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class SupervisedServer(ABC):
    """A server of this process. `failure` says why the state is "failed"."""

    product: ClassVar[str]
    child_loss_is_fatal: ClassVar[bool] = False  # whether the server is restarted when one of its children ends

    def __init__(self, home: Path, ready_timeout_s: float, restart_policy: RestartPolicy) -> None:
        self.state: State = "stopped"
        self.failure: EngineError | None = None
        self._home = home
        self._ready_timeout_s = ready_timeout_s
        self._restarts = RestartHistory(restart_policy)
        # The name stays the same over restarts: the next start removes the shared memory that a killed server left.
        self._name = f"{os.getpid()}-{next(_numbers)}"
        self._process: GuardedProcess | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def log_path(self) -> Path:
        return self._home / "logs" / f"{self.product.lower()}-{self._name}.log"

    @property
    def restarts(self) -> int:
        """How often the server was restarted."""
        return self._restarts.count

    @property
    def pid(self) -> int | None:
        """The server's pid; None while there is no server."""
        return self._process.pid if self._process and self._process.running else None

    async def start(self) -> None:
        """Return when the server is ready; raises an EngineError, with the end of its log, when it fails."""
        self.failure = None
        self.state = "starting"
        try:
            self._process = await self._launch()
            await self._wait_ready()
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Stop the server and all its children. Does nothing when there is none."""
        if self._watch:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        if self._process:
            await self._process.stop()
            self._process = None
        self.state = "stopped"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @abstractmethod
    async def _launch(self) -> GuardedProcess:
        """Prepare and start the server; raises an EngineError or OSError."""

    @abstractmethod
    async def _is_ready(self) -> bool:
        """Whether the server that was started is ready for its clients."""

    async def _wait_ready(self) -> None:
        """Return when the server is ready; raises StartFailed when it ends or takes too long."""
        deadline_s = time.monotonic() + self._ready_timeout_s
        while not await self._is_ready():
            if not self._process or not self._process.running:
                raise self._start_failed("ended before it was ready")
            if time.monotonic() > deadline_s:
                raise self._start_failed(f"was not ready after {self._ready_timeout_s:g} s")
            await asyncio.sleep(READY_POLL_S)
        self.state = "ready"

    async def _keep_running(self) -> None:
        """Restart the server whenever it ends, until it ends too often."""
        while self._process:
            await self._process.wait(child_loss_is_fatal=self.child_loss_is_fatal)
            delay_s = self._restarts.delay_s(time.monotonic())
            if delay_s is None:
                self.state, self.failure = "failed", self._gave_up()
                _log.error("gave up on %s", self.product, extra={"restarts": self.restarts})
                return
            self.state = "restarting"
            extra = {"restarts": self.restarts, "delay_s": delay_s}
            _log.warning("%s ended and is restarted", self.product, extra=extra)
            await asyncio.sleep(delay_s)
            await self._relaunch()

    async def _relaunch(self) -> None:
        try:
            self._process = await self._launch()
            await self._wait_ready()
        except (EngineError, OSError) as error:
            _log.warning("%s could not be restarted: %s", self.product, error)
            if self._process:
                await self._process.stop()

    def _delete_old_logs(self) -> None:
        folder = self.log_path.parent
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another server deletes old logs at the same moment
            logs = sorted(folder.glob(f"{self.product.lower()}-*"), key=lambda path: path.stat().st_mtime)
            for old in logs[:-LOGS_KEPT]:
                old.unlink()

    def _start_failed(self, how: str) -> StartFailed:
        return StartFailed(f"{self.product} {how}. {self._tail()}")

    def _gave_up(self) -> GaveUp:
        return GaveUp(f"{self.product} ended too often and is not restarted. {self._tail()}")

    def _tail(self) -> str:
        log = self._process.log_tail(LOG_TAIL_LINES) if self._process else "(never started)"
        return f"The end of {self.log_path}:\n{log}"
