"""A listener in a thread of the test's process: real associations, PostgreSQL and files, and no networks."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, generate_latest
from psycopg.rows import dict_row

from gateway.composition.pacs import completing_studies, create_receiver, listening
from gateway.composition.record_store import open_record_store
from gateway.composition.services import open_services
from gateway.http.server.server import create_server
from gateway.main import create_app
from gateway.settings.settings import Settings
from tests.integration.pacs.receiving.senders import PATIENCE_S
from tests.integration.polling import until

QUIET_S = 1.0


@dataclass(frozen=True)
class RunningListener:
    """Its port, its URL for STOW-RS, and what it has stored."""

    port: int
    url: str
    database_url: str
    folder: Path
    registry: CollectorRegistry

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database_url, row_factory=dict_row) as link:
            return link.execute(query.encode(), values).fetchall()

    def scans(self, study_uid: str, number: int = 1) -> list[dict[str, Any]]:
        """The scans of a study, the oldest first, once there are so many."""
        query = "SELECT * FROM scans WHERE study_uid = %s ORDER BY created_at"
        until(lambda: len(self.rows(query, study_uid)) >= number, PATIENCE_S)
        return self.rows(query, study_uid)

    def instances(self, study_uid: str) -> list[dict[str, Any]]:
        """The instances of a study, as they lie in its file."""
        own = "SELECT id FROM incoming_studies WHERE study_uid = %s"
        return self.rows(
            f"SELECT * FROM incoming_instances WHERE study_id IN ({own}) ORDER BY scan_offset",  # noqa: S608 - constants
            study_uid,
        )

    def metric(self, line: str) -> float:
        """The value of a metric, with its labels."""
        found = [float(one.rpartition(" ")[2]) for one in self.metrics.splitlines() if one.startswith(line)]
        return found[0] if found else 0.0

    def files(self, prefix: str) -> list[Path]:
        return [path for path in (self.folder / "blobs" / prefix).rglob("*") if path.is_file()]

    def is_idle(self) -> bool:
        """Whether no association is open, and nothing is left of one."""
        return self.metric("turnstile_pacs_associations ") == 0 and not self.files("incoming")

    @property
    def metrics(self) -> str:
        return generate_latest(self.registry).decode()


@contextmanager
def running_listener(folder: Path, database_url: str, **settings: Any) -> Iterator[RunningListener]:
    """Listen until the block ends."""
    started: Queue[tuple[int, CollectorRegistry] | BaseException] = Queue()
    loop, over, http = asyncio.new_event_loop(), asyncio.Event(), socket.create_server(("127.0.0.1", 0))
    defaults: dict[str, Any] = {
        "database_url": database_url,
        "blob_url": str(folder / "blobs"),
        "data_folder": folder,
        "scratch_folder": folder / "scratch",
        "triton_url": "127.0.0.1:1",  # nothing is screened
        "pacs_port": 0,
        "pacs_complete_after_s": QUIET_S,
        "pacs_idle_s": 120.0,
        "disk_reserve_bytes": 0,
    }

    async def listen() -> None:
        try:
            own = Settings(**(defaults | settings))
            async with open_record_store(own) as store, open_services(own) as services:
                receiver = create_receiver(own, store, services.disk_reserve, services.receiving)
                server = create_server(create_app(services, store), own, services.metrics)
                async with (
                    completing_studies(own, store, services.receiving),
                    listening(own, receiver, services.scratch) as listener,
                ):
                    started.put((listener.port, services.metrics.registry))
                    serving = asyncio.create_task(server.serve([http]))
                    await over.wait()
                    server.should_exit = True
                    await serving
        except BaseException as error:
            started.put(error)
            raise

    thread = threading.Thread(target=loop.run_until_complete, args=[listen()], name="listener")
    thread.start()
    outcome = started.get()
    if isinstance(outcome, BaseException):
        thread.join()
        raise outcome
    try:
        yield RunningListener(outcome[0], f"http://127.0.0.1:{http.getsockname()[1]}", database_url, folder, outcome[1])
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
        http.close()
