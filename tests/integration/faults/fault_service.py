"""The house in real processes that may be killed: PostgreSQL, Triton, a gateway and a worker, each started again."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from engines.restart_policy import RestartPolicy
from engines.triton_server import TritonServer
from gateway.database.connection import Database
from gateway.settings.settings import ROOT
from gateway.storage.blobs import Blobs
from tests.integration.gateway.analyses.rows import new_scan
from tests.integration.polling import until
from tests.postgres import RunningPostgres

PATIENCE_S = 300.0  # on a machine with a load of 28 a gateway took 150 s to start
TAKEOVER_S = 3.0
DRAIN_S = 1.0
SECRET = "only the house knows"  # noqa: S105 - of a Triton that lives as long as a test
OFTEN = RestartPolicy(first_delay_s=0.1, longest_delay_s=1.0, deaths=1000)


@dataclass
class Program:
    """A command of ours that is started again after each kill."""

    name: str
    arguments: tuple[str, ...]
    environ: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", *self.arguments],
                env={**os.environ, **self.environ},
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def assert_alive(self) -> None:
        """It ends when it is killed, and never by itself."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """SIGKILL, and a new one at once, as an orchestrator would."""
        self.stop(signal.SIGKILL)
        self.start()

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait()


@dataclass(frozen=True)
class House:
    """All of it, and where it answers."""

    url: str
    database_url: str
    blobs: Path
    gateway: Program
    worker: Program
    triton: TritonServer
    killers: dict[str, Callable[[], None]] = field(repr=False)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Ask PostgreSQL; again while it is away."""
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

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        return False

    def stored(self, files: list[Path]) -> list[str]:
        """A scan of each file, in the store."""
        contents = [file.read_bytes() for file in files]

        async def store() -> list[str]:
            blobs, database = Blobs(self.blobs), Database(self.database_url)
            try:
                return [await _stored(blobs, database, content) for content in contents]
            finally:
                await database.close()

        return asyncio.run(store())

    @contextmanager
    def triton_hangs(self) -> Iterator[None]:
        """Triton does not answer for the block's time, without being gone."""
        pid = self.triton.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):  # it was killed meanwhile
                os.kill(pid, signal.SIGCONT)

    def analyse(self, scan: str) -> None:
        """Ask for an analysis until the gateway says that it took the request."""

        def taken() -> bool:
            self.gateway.assert_alive()
            with suppress(httpx.TransportError), httpx.Client(base_url=self.url, timeout=10, trust_env=False) as client:
                answer = client.post(f"/api/scans/{scan}/analyze")
                assert answer.status_code in (200, 202, 503), answer.text
                return answer.status_code != 503
            return False

        until(taken, PATIENCE_S)


@contextmanager
def running_house(folder: Path, postgres: RunningPostgres) -> Iterator[House]:
    """Everything up; at the end everything is stopped in order."""
    database_url, port = postgres.new_database(), _free_port()
    with _running_triton() as triton:
        environ = {
            "TURNSTILE_DATABASE_URL": database_url,
            "TURNSTILE_BLOB_URL": str(folder / "blobs"),
            "TURNSTILE_TRITON_URL": triton.grpc_url,
            "TURNSTILE_TRITON_SECRET": SECRET,
            "TURNSTILE_TAKEOVER_S": str(TAKEOVER_S),
            "TURNSTILE_DRAIN_S": str(DRAIN_S),
            "TURNSTILE_DECODE_WORKERS": "1",
            "TURNSTILE_WORKERS": "1",
            "TURNSTILE_HOME": str(folder / "home"),
        }
        gateway = Program("gateway", ("up", "--port", str(port)), environ, folder / "gateway.log")
        worker = Program("worker", ("worker", "--at-once", "2"), environ, folder / "worker.log")
        killers = {
            "gateway": gateway.kill,
            "worker": worker.kill,
            "triton": lambda: _kill(triton.pid),
            "postgres": lambda: _kill(postgres.server.pid),
        }
        house = House(f"http://127.0.0.1:{port}", database_url, folder / "blobs", gateway, worker, triton, killers)
        for program in (gateway, worker):
            program.start()
        try:
            until(house.is_ready, PATIENCE_S)
            yield house
            for program in (gateway, worker):
                program.assert_alive()
        finally:
            for program in (gateway, worker):
                program.stop()


@contextmanager
def _running_triton() -> Iterator[TritonServer]:
    """Triton, supervised by a thread of the test's process."""
    started: Queue[TritonServer | BaseException] = Queue()
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        try:
            async with TritonServer(ROOT / "model_repository", restart_policy=OFTEN, secret=SECRET) as server:
                started.put(server)
                await over.wait()
        except BaseException as error:
            started.put(error)
            raise

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()], name="triton")
    thread.start()
    server = started.get()
    try:
        if isinstance(server, BaseException):
            raise server
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def _kill(pid: int | None) -> None:
    if pid is not None:  # it is being started again already
        os.kill(pid, signal.SIGKILL)


async def _stored(blobs: Blobs, database: Database, content: bytes) -> str:
    async def pieces() -> AsyncIterator[bytes]:
        yield content

    await blobs.store(pieces())
    async with database.transaction() as session:
        return str(await new_scan(session, content, "local"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
