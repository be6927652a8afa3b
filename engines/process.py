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

from engines import leash

STOP_TIMEOUT_S = leash.GRACE_S + 5.0


@dataclass(frozen=True)
class LeashedProcess:
    """A running server: its pid, the log that its leash keeps, and the leash itself."""

    pid: int
    log: Path
    _leash: asyncio.subprocess.Process

    @classmethod
    async def start(cls, command: list[str], environ: dict[str, str], log: Path, shm_prefix: str) -> Self:
        """Run `command` on a leash held by this process; OSError when there is no such program."""
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", leash.__file__, str(os.getpid()), str(log), shm_prefix, *command),
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the owner, who then stops the server in order
        )
        first_line = await holder.stdout.readline() if holder.stdout else b""
        if not first_line:
            raise OSError(f"{command[0]} cannot be run")
        return cls(int(first_line), log, holder)

    @property
    def running(self) -> bool:
        return self._leash.returncode is None

    async def wait(self) -> None:
        """Return when the server has ended, by itself or not, and nothing is left of it."""
        await self._leash.wait()
        self._kill_group()  # the leash has done so, unless it was killed itself

    async def stop(self) -> None:
        """End the server: in order, or after a grace period by force."""
        with suppress(ProcessLookupError):
            self._leash.terminate()
        try:
            await asyncio.wait_for(self._leash.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._leash.kill()
            await self._leash.wait()
        self._kill_group()

    def log_tail(self, lines: int) -> str:
        """The end of the log, for the person who must find out why."""
        with suppress(FileNotFoundError), self.log.open(errors="replace") as text:
            return "".join(deque(text, maxlen=lines)).strip()
        return "(no log)"

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
