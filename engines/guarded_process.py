"""A server on a leash, seen from its owner's event loop."""

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

PULSE_S = 0.5
STOP_TIMEOUT_S = parent_death_guard.GRACE_S + 5.0


@dataclass(frozen=True)
class LeashedProcess:
    """A running server: its pid, the log that its leash keeps, and the leash itself."""

    pid: int
    log: Path
    _leash: asyncio.subprocess.Process

    @classmethod
    async def start(
        cls,
        command: list[str],
        environ: dict[str, str],
        log: Path,
        shm_prefix: str,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> Self:
        """Run `command` on a leash held by this process; OSError when there is no such program."""
        ours = (str(os.getpid()), str(log), shm_prefix, str(int(stop_signal)))
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", parent_death_guard.__file__, *ours, *command),
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the owner, who then stops the server in order
        )
        try:
            first_line = await holder.stdout.readline() if holder.stdout else b""
        except asyncio.CancelledError:
            holder.terminate()
            raise
        if not first_line:
            raise OSError(f"{command[0]} cannot be run")
        return cls(int(first_line), log, holder)

    @property
    def running(self) -> bool:
        return self._leash.returncode is None

    async def ended(self, *, lost_children_count: bool) -> None:
        """Return when the server has ended, or one of its children where that counts, and nothing is left of it."""
        ending = asyncio.ensure_future(self._leash.wait())
        stubs = (
            self._stubs() if lost_children_count else []
        )  # once: listing reads all of /proc, 0.6 ms for 75 processes, and asking five 0.04
        while not ending.done() and not any(map(_lost, stubs)):
            await asyncio.wait([ending], timeout=PULSE_S)
        if not ending.done():
            self._kill_group()  # Triton cannot end in order without one of its stubs; it waits for it in vain
        await self.stop()

    async def stop(self) -> None:
        """End the server: in order, or after a grace period by force."""
        with suppress(ProcessLookupError):
            self._leash.terminate()
        try:
            await asyncio.wait_for(self._leash.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._leash.kill()
            await self._leash.wait()
        if self._leash.returncode:  # the leash was killed before it could do this
            self._kill_group()

    def log_tail(self, lines: int) -> str:
        """The end of the log, for the person who must find out why."""
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


def _lost(stub: psutil.Process) -> bool:
    """Triton 2.51 keeps a dead stub as a zombie, stays `ready` and fails every request of that model for ever."""
    with suppress(psutil.NoSuchProcess):
        return bool(stub.status() == psutil.STATUS_ZOMBIE)
    return False
