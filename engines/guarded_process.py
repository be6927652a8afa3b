"""A server under a parent-death guard, as its owner's event loop sees it."""

import asyncio
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from engines import parent_death_guard

POLL_S = 0.5
STOP_TIMEOUT_S = parent_death_guard.GRACE_S + 5.0


@dataclass(frozen=True)
class GuardedProcess:
    """A running server: its pid, the log that its guard writes, and the guard's process."""

    pid: int
    log: Path
    _guard: asyncio.subprocess.Process

    @classmethod
    async def start(
        cls,
        command: list[str],
        environ: dict[str, str],
        log: Path,
        shm_prefix: str,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> Self:
        """Run `command` under a guard of this process; raises OSError when there is no such program."""
        guard_arguments = (str(os.getpid()), str(log), shm_prefix, str(int(stop_signal)))
        guard = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", parent_death_guard.__file__, *guard_arguments, *command),
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the owner, which then stops the server in order
        )
        try:
            first_line = await guard.stdout.readline() if guard.stdout else b""
        except asyncio.CancelledError:
            guard.terminate()
            raise
        if not first_line:
            raise OSError(f"{command[0]} cannot be run")
        return cls(int(first_line), log, guard)

    @property
    def running(self) -> bool:
        return self._guard.returncode is None

    async def wait(self, *, child_loss_is_fatal: bool) -> None:
        """Return when the server, or a child whose loss is fatal, has ended and no process of the server is left."""
        ending = asyncio.ensure_future(self._guard.wait())
        # Listed once: listing reads all of /proc, 0.6 ms for 75 processes; the state of five takes 0.04 ms.
        stubs = self._stubs() if child_loss_is_fatal else []
        while not ending.done() and not any(map(_is_zombie, stubs)):
            await asyncio.wait([ending], timeout=POLL_S)
        if not ending.done():
            self._kill_group()  # Triton cannot end in order without one of its stubs: it waits for it for ever
        await self.stop()

    async def stop(self) -> None:
        """End the server in order, or by force after a grace period."""
        with suppress(ProcessLookupError):
            self._guard.terminate()
        try:
            await asyncio.wait_for(self._guard.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._guard.kill()
            await self._guard.wait()
        if self._guard.returncode:  # the guard was killed before it could end the group
            self._kill_group()

    def log_tail(self, lines: int) -> str:
        """The last lines of the log."""
        with suppress(FileNotFoundError), self.log.open(errors="replace") as text:
            return "".join(deque(text, maxlen=lines)).strip()
        return "(no log)"

    def _stubs(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return list(psutil.Process(self.pid).children())
        return []

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def _is_zombie(stub: psutil.Process) -> bool:
    """Triton 2.51 keeps a dead stub as a zombie, stays `ready` and fails every request of that model for ever."""
    with suppress(psutil.NoSuchProcess):
        return bool(stub.status() == psutil.STATUS_ZOMBIE)
    return False
