"""The service in real processes that tests kill: PostgreSQL, Triton, a gateway and a worker, each started again."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from types import MappingProxyType
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
LEASE_TIMEOUT_S = 3.0
DRAIN_S = 1.0
SECRET = "secret of the test's Triton"  # noqa: S105 - of a Triton that lives as long as a test
RESTART_OFTEN = RestartPolicy(initial_delay_s=0.1, max_delay_s=1.0, max_exits=1000)


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
class ServiceUnderFaults:
    """The processes of the service, and its URLs."""

    url: str
    database_url: str
    blobs: Path
    scratch: Path
    gateway: Program
    worker: Program
    triton: TritonServer
    killers: dict[str, Callable[[], None]] = field(repr=False)

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

    @property
    def environ(self) -> dict[str, str]:
        """Variables of a `turnstile` command for this service."""
        return {**os.environ, **self.gateway.environ}

    def command(self, *arguments: str) -> list[str]:
        """A `turnstile` command."""
        return [sys.executable, "-m", "gateway.cli", *arguments]

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        return False

    def stored(self, files: list[Path]) -> list[str]:
        """Store a scan of each file; their ids."""
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
        """Stop Triton with SIGSTOP for the block: it does not answer, and its process lives."""
        pid = self.triton.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):  # it was killed meanwhile
                os.kill(pid, signal.SIGCONT)

    def analyse(self, scan: str) -> None:
        """Request an analysis, again until the gateway has accepted it."""

        def taken() -> bool:
            self.gateway.assert_alive()
            with suppress(httpx.TransportError), httpx.Client(base_url=self.url, timeout=10, trust_env=False) as client:
                answer = client.post(f"/api/scans/{scan}/analyze", params={"wait": 0})
                assert answer.status_code in (200, 202, 503), answer.text
                return answer.status_code != 503
            return False

        until(taken, PATIENCE_S)


@contextmanager
def running_service(
    folder: Path,
    postgres: RunningPostgres,
    data: Path | None = None,
    way_to_triton: Callable[[str], AbstractContextManager[str]] = nullcontext,
    module: str = "gateway.cli",
    more_environ: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[ServiceUnderFaults]:
    """All processes started; at the end they are stopped in order.

    Blobs and scratch are in `data`, by default `folder`; `way_to_triton` gives the URL by which Triton's is reached.
    """
    database_url, port, data = postgres.new_database(), _free_port(), data or folder
    with _running_triton() as triton, way_to_triton(triton.grpc_url) as triton_url:
        environ = {
            "TURNSTILE_DATABASE_URL": database_url,
            "TURNSTILE_BLOB_URL": str(data / "blobs"),
            "TURNSTILE_TRITON_URL": triton_url,
            "TURNSTILE_TRITON_SECRET": SECRET,
            "TURNSTILE_LEASE_TIMEOUT_S": str(LEASE_TIMEOUT_S),
            "TURNSTILE_DRAIN_S": str(DRAIN_S),
            "TURNSTILE_DECODE_WORKERS": "1",
            "TURNSTILE_WORKERS": "1",
            "TURNSTILE_HOME": str(folder / "home"),
            "TURNSTILE_SCRATCH_FOLDER": str(data / "scratch"),
            **more_environ,
        }
        gateway = Program("gateway", ("up", "--port", str(port)), environ, folder / "gateway.log", module)
        worker = Program("worker", ("worker", "--at-once", "2"), environ, folder / "worker.log", module)
        killers = {
            "gateway": gateway.kill,
            "worker": worker.kill,
            "triton": lambda: _kill(triton.pid),
            "postgres": lambda: _kill(postgres.server.pid),
        }
        service = ServiceUnderFaults(
            f"http://127.0.0.1:{port}",
            database_url,
            data / "blobs",
            data / "scratch",
            gateway,
            worker,
            triton,
            killers,
        )
        for program in (gateway, worker):
            program.start()
        try:
            until(service.is_ready, PATIENCE_S)
            yield service
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
            async with TritonServer(ROOT / "model_repository", restart_policy=RESTART_OFTEN, secret=SECRET) as server:
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
