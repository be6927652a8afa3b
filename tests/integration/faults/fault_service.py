"""The service in real processes that tests kill: PostgreSQL, Triton, a gateway and a worker, each started again."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from types import MappingProxyType

import httpx

from engines.restart_policy import RestartPolicy
from engines.triton_server import TritonServer
from gateway.database.connection import Database
from gateway.settings.settings import ROOT
from gateway.storage.blobs import Blobs
from tests.integration.faults.service_programs import PATIENCE_S, QUICK, Program, ServicePrograms, free_port, kill
from tests.integration.gateway.analyses.rows import new_scan
from tests.integration.polling import until
from tests.postgres import RunningPostgres

SECRET = "secret of the test's Triton"  # noqa: S105 - of a Triton that lives as long as a test
RESTART_OFTEN = RestartPolicy(initial_delay_s=0.1, max_delay_s=1.0, max_exits=1000)


@dataclass(frozen=True)
class ServiceUnderFaults(ServicePrograms):
    """A gateway and a worker, and a Triton that the test supervises."""

    scratch: Path
    gateway: Program
    worker: Program
    triton: TritonServer

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
    database_url, port, data = postgres.new_database(), free_port(), data or folder
    with _running_triton() as triton, way_to_triton(triton.grpc_url) as triton_url:
        environ = {
            "TURNSTILE_DATABASE_URL": database_url,
            "TURNSTILE_BLOB_URL": str(data / "blobs"),
            "TURNSTILE_TRITON_URL": triton_url,
            "TURNSTILE_TRITON_SECRET": SECRET,
            **QUICK,
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
            "triton": lambda: kill(triton.pid),
            "postgres": lambda: kill(postgres.server.pid),
        }
        service = ServiceUnderFaults(
            url=f"http://127.0.0.1:{port}",
            database_url=database_url,
            blobs=data / "blobs",
            programs=(gateway, worker),
            killers=killers,
            scratch=data / "scratch",
            gateway=gateway,
            worker=worker,
            triton=triton,
        )
        with service.running():
            yield service


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


async def _stored(blobs: Blobs, database: Database, content: bytes) -> str:
    async def pieces() -> AsyncIterator[bytes]:
        yield content

    await blobs.store(pieces())
    async with database.transaction() as session:
        return str(await new_scan(session, content, "local"))
