"""A listener in a thread of the test's process: real associations, PostgreSQL and files, and no networks."""

import asyncio
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

from gateway.composition.pacs import completing_studies, create_receiver, disk_reserve, listening
from gateway.composition.record_store import open_record_store
from gateway.pacs.receiving.metrics import ReceivingMetrics
from gateway.settings.settings import Settings
from gateway.storage.scratch import open_scratch
from tests.integration.polling import until

QUIET_S = 1.0


@dataclass(frozen=True)
class RunningListener:
    """Its port, and what it has stored."""

    port: int
    database_url: str
    folder: Path
    registry: CollectorRegistry

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database_url, row_factory=dict_row) as link:
            return link.execute(query.encode(), values).fetchall()

    def scans(self, study_uid: str, number: int = 1) -> list[dict[str, Any]]:
        """The scans of a study, the oldest first, once there are so many."""
        query = "SELECT * FROM scans WHERE study_uid = %s ORDER BY created_at"
        until(lambda: len(self.rows(query, study_uid)) >= number)
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

    @property
    def metrics(self) -> str:
        return generate_latest(self.registry).decode()


@contextmanager
def running_listener(folder: Path, database_url: str, **settings: Any) -> Iterator[RunningListener]:
    """Listen until the block ends."""
    started: Queue[int | BaseException] = Queue()
    loop, over, registry = asyncio.new_event_loop(), asyncio.Event(), CollectorRegistry()
    defaults: dict[str, Any] = {
        "database_url": database_url,
        "blob_url": str(folder / "blobs"),
        "data_folder": folder,
        "scratch_folder": folder / "scratch",
        "pacs_port": 0,
        "pacs_complete_after_s": QUIET_S,
        "pacs_idle_s": 20.0,
        "disk_reserve_bytes": 0,
    }

    async def listen() -> None:
        try:
            own = Settings(**(defaults | settings))
            metrics = ReceivingMetrics(registry)
            async with open_record_store(own) as store, open_scratch(own.scratch_folder) as scratch:
                receiver = create_receiver(own, store, disk_reserve(own, scratch), metrics)
                async with completing_studies(own, store, metrics), listening(own, receiver, scratch) as (_, port):
                    started.put(port)
                    await over.wait()
        except BaseException as error:
            started.put(error)
            raise

    thread = threading.Thread(target=loop.run_until_complete, args=[listen()], name="listener")
    thread.start()
    port = started.get()
    if isinstance(port, BaseException):
        thread.join()
        raise port
    try:
        yield RunningListener(port, database_url, folder, registry)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
