"""Programs of a service that tests kill, each started again; what they have in common, whichever they are."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx
import psycopg
from psycopg.rows import dict_row

from gateway.settings.settings import ROOT
from tests.integration.polling import until

PATIENCE_S: Final = 600.0  # on two cores with a load of 28 a gateway took 150 s to start, a Triton beside it 340 s
QUICK: Final = MappingProxyType(
    {"TURNSTILE_LEASE_TIMEOUT_S": "3.0", "TURNSTILE_DRAIN_S": "1.0", "TURNSTILE_DECODE_WORKERS": "1"}
)


@dataclass
class Program:
    """A `turnstile` command that is started again after each kill."""

    name: str
    arguments: tuple[str, ...]
    environ: dict[str, str]
    log: Path
    module: str = "gateway.cli"
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *self.arguments],
                env={**os.environ, **self.environ},
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def assert_alive(self) -> None:
        """Fail unless the process runs: it ends only when it is killed."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-4000:]

    def start_if_ended(self) -> None:
        """Start it again when it ended by itself, as an orchestrator does: without a disk to write to it ends."""
        if self.process is not None and self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        """Send SIGKILL and start it again at once, as an orchestrator does."""
        self.stop(signal.SIGKILL)
        self.start()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait()


@dataclass(frozen=True)
class ServicePrograms:
    """The programs of a service, its URLs, and what kills each of its processes."""

    url: str
    database_url: str
    blobs: Path
    programs: tuple[Program, ...]
    killers: dict[str, Callable[[], None]] = field(repr=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start the programs, and wait until the service is ready; at the end they are stopped in order."""
        for program in self.programs:
            program.start()
        try:
            until(self.is_ready, PATIENCE_S)
            yield
            for program in self.programs:
                program.assert_alive()
        finally:
            for program in self.programs:
                program.stop()

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of a query; repeated while PostgreSQL does not answer."""
        found: list[list[dict[str, Any]]] = []

        def answered() -> bool:
            with suppress(psycopg.OperationalError), psycopg.connect(self.database_url, row_factory=dict_row) as link:
                found.append(link.execute(query.encode(), values).fetchall())
            return bool(found)

        until(answered, PATIENCE_S)
        return found[0]

    def state(self, scan: str) -> str:
        """The state of the scan's only analysis."""
        (row,) = self.rows("SELECT state FROM analyses WHERE scan_id = %s", scan)
        return str(row["state"])

    def unfinished(self) -> int:
        """How many analyses have not ended."""
        (row,) = self.rows("SELECT count(*) AS n FROM analyses WHERE state IN ('queued', 'running')")
        return int(row["n"])

    @property
    def environ(self) -> dict[str, str]:
        """Variables of a `turnstile` command for this service."""
        where = {"TURNSTILE_DATABASE_URL": self.database_url, "TURNSTILE_BLOB_URL": str(self.blobs)}
        return {**os.environ, **self.programs[0].environ, **where}

    def command(self, *arguments: str) -> list[str]:
        """A `turnstile` command."""
        return [sys.executable, "-m", "gateway.cli", *arguments]

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        return False


def kill(pid: int | None) -> None:
    """Send SIGKILL; without a process it is being started again already."""
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
