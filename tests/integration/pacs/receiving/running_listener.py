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

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])  # noqa: S608 - of the tests

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
    defaults = {
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
