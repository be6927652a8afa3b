"""Triton as a child process: started, watched, started again when it dies, and gone when its owner is.

    async with TritonServer(repository) as server:
        ... server.grpc_url ...

What watches over whom: the owner's event loop restarts the server (`restarts`), and a leash between them ends it when
the owner goes (`leash`, `process`).
"""

import asyncio
import itertools
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx

from engines.backend_directory import backend_directory
from engines.command import HOST, Ports, triton_command, triton_environ
from engines.environment import engine_environment
from engines.errors import EngineError, GaveUp, StartFailed
from engines.home import default_home
from engines.process import LeashedProcess
from engines.repository import served_repository
from engines.restarts import RestartPolicy, Restarts

State = Literal["stopped", "starting", "ready", "restarting", "failed"]

READY_TIMEOUT_S = 120.0
READY_POLL_S = 0.1
LOG_TAIL_LINES = 30
LOGS_KEPT = 20

_log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class TritonServer:
    """A real tritonserver that serves `repository` on this machine alone.

    A port of 0 is a free one, chosen once: clients find the server again where it was. `home` keeps the environment,
    the backends and the log; it is `TURNSTILE_HOME` or the user's cache folder unless given. `state` tells where the
    server stands and `failure` why it failed.
    """

    def __init__(
        self,
        repository: Path,
        home: Path | None = None,
        http_port: int = 0,
        grpc_port: int = 0,
        metrics_port: int = 0,
        ready_timeout_s: float = READY_TIMEOUT_S,
        restart_policy: RestartPolicy | None = None,
    ) -> None:
        self.state: State = "stopped"
        self.failure: EngineError | None = None
        self._repository = repository
        self._home = home or default_home()
        self._ports = Ports.free(http_port, grpc_port, metrics_port)
        self._ready_timeout_s = ready_timeout_s
        self._restarts = Restarts(restart_policy or RestartPolicy())
        # One name a server, kept over its restarts: what a killed one leaves in shared memory, the next one removes.
        self._name = f"{os.getpid()}-{next(_numbers)}"
        self._process: LeashedProcess | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def http_url(self) -> str:
        """host:port, as Triton's clients want it."""
        return f"{HOST}:{self._ports.http}"

    @property
    def grpc_url(self) -> str:
        """host:port, as Triton's clients want it."""
        return f"{HOST}:{self._ports.grpc}"

    @property
    def metrics_url(self) -> str:
        """The page that Prometheus scrapes."""
        return f"http://{HOST}:{self._ports.metrics}/metrics"

    @property
    def log_path(self) -> Path:
        return self._home / "logs" / f"triton-{self._name}.log"

    @property
    def restarts(self) -> int:
        """How often the server was started again after it died."""
        return self._restarts.count

    @property
    def pid(self) -> int | None:
        """The server's pid; None while there is no server."""
        return self._process.pid if self._process and self._process.running else None

    async def start(self) -> None:
        """Return when every model answers; raises an EngineError, with the end of the log, when they will not."""
        self.failure = None
        try:
            await self._start()
        except StartFailed as error:
            # At a load of 12 on 2 cores, 3 of 20 starts failed so: a stub missed its health check, or a lock threw.
            _log.warning("triton did not start and is started once more: %s", error)
            await self._start()

    async def stop(self) -> None:
        """Stop the server and everything that it started. Does nothing when there is none."""
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

    @property
    def _shm_prefix(self) -> str:
        return f"turnstile-{self._name}-"  # the last dash keeps server 1 from sweeping the memory of server 12

    async def _start(self) -> None:
        self.state = "starting"
        try:
            await self._launch()
            await self._wait_ready()
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._keep_running())

    async def _launch(self) -> None:
        command, environ = await asyncio.to_thread(self._prepare)
        self._process = await LeashedProcess.start(command, environ, self.log_path, self._shm_prefix)

    def _prepare(self) -> tuple[list[str], dict[str, str]]:
        repository = served_repository(self._repository, self._home)
        environment = engine_environment(self._home)
        backends = backend_directory(environment, self._home)
        _make_room_for(self.log_path)
        command = triton_command(environment, backends, repository, self._ports, self._shm_prefix)
        return command, triton_environ(environment)

    async def _wait_ready(self) -> None:
        """Return when `/v2/health/ready` says so; raises StartFailed when the server dies or takes too long."""
        deadline_s = time.monotonic() + self._ready_timeout_s
        async with httpx.AsyncClient(trust_env=False) as client:
            while not await _is_ready(client, f"http://{self.http_url}/v2/health/ready"):
                if not self._process or not self._process.running:
                    raise self._start_failed("died before it was ready")
                if time.monotonic() > deadline_s:
                    raise self._start_failed(f"was not ready after {self._ready_timeout_s:g} s")
                await asyncio.sleep(READY_POLL_S)
        self.state = "ready"

    async def _keep_running(self) -> None:
        """Start the server again whenever it ends, until it ends too often."""
        while self._process:
            await self._process.ended()
            delay_s = self._restarts.delay_s(time.monotonic())
            if delay_s is None:
                self.state, self.failure = "failed", self._gave_up()
                _log.error("triton gave up", extra={"restarts": self.restarts})
                return
            self.state = "restarting"
            _log.warning("triton died and is started again", extra={"restarts": self.restarts, "delay_s": delay_s})
            await asyncio.sleep(delay_s)
            await self._relaunch()

    async def _relaunch(self) -> None:
        try:
            await self._launch()
            await self._wait_ready()
        except (EngineError, OSError) as error:
            _log.warning("triton did not come back: %s", error)
            if self._process:
                await self._process.stop()

    def _start_failed(self, how: str) -> StartFailed:
        return StartFailed(f"Triton {how}. The end of {self.log_path}:\n{self._tail()}")

    def _gave_up(self) -> GaveUp:
        return GaveUp(f"Triton died too often and is not started again. The end of {self.log_path}:\n{self._tail()}")

    def _tail(self) -> str:
        return self._process.log_tail(LOG_TAIL_LINES) if self._process else "(never started)"


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:  # not listening yet
        return False


def _make_room_for(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):  # another server makes room at the same moment
        for old in sorted(log.parent.glob("triton-*"), key=lambda path: path.stat().st_mtime)[:-LOGS_KEPT]:
            old.unlink()
