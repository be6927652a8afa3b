"""One real PostgreSQL for a test session, and a new database for each test that needs one."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

import psycopg
from psycopg import sql

from engines.postgres_server import PostgresServer
from gateway.database.connection import Database
from gateway.database.migration import migrate

TEMPLATE = "migrated"


@dataclass(frozen=True)
class RunningPostgres:
    """The server, and databases on it."""

    server: PostgresServer
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self, template: str = TEMPLATE) -> str:
        """The URL of a new database: with every table and no row, or empty from `template1`."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url_of(name)

    def url_of(self, name: str) -> str:
        return self.server.url.rpartition("/")[0] + f"/{name}"


@contextmanager
def running_postgres(folder: Path) -> Iterator[RunningPostgres]:
    """Run a server in its own thread, with a template that is migrated once; stop it at the end."""
    started: Queue[PostgresServer | BaseException] = Queue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=[_serve(folder, started, stop)], name="postgres")
    thread.start()
    try:
        server = started.get()
        if isinstance(server, BaseException):
            raise server
        running = RunningPostgres(server)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
        asyncio.run(_migrate(running.url_of(TEMPLATE)))
        yield running
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _serve(folder: Path, started: "Queue[PostgresServer | BaseException]", stop: asyncio.Event) -> None:
    try:
        async with PostgresServer(folder, home=folder) as server:
            started.put(server)
            await stop.wait()
    except BaseException as error:
        started.put(error)
        raise


async def _migrate(url: str) -> None:
    database = Database(url)
    try:
        await migrate(database)
    finally:
        await database.close()
