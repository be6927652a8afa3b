"""The connection to PostgreSQL: transactions, readiness, and one error when it does not answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from gateway.errors import DatabaseUnavailable

__all__ = ["AsyncSession", "Database"]  # the session for services, which pass it on and use no SQL

POOL_SIZE = 10  # a query takes a few ms, and the gateway answers some 100 requests a second
POOL_OVERFLOW = 10
POOL_WAIT_S = 10.0
CONNECT_TIMEOUT_S = 5
READY_TIMEOUT_S = 3.0  # probes wait for 4 or 5 s
CONNECTION_REFUSED = "08001"
UNAVAILABLE = ("08", "57P", "53")  # classes of SQLSTATE: connection, operator intervention, out of resources
ROLLED_BACK = "40"  # a deadlock, or a conflict with another transaction: nothing of this one was done


class Database:
    """The connection pool of one PostgreSQL; it connects at the first transaction, so PostgreSQL may start later."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            _driver_url(url),
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=POOL_WAIT_S,
            pool_pre_ping=True,  # a broken idle connection is replaced before it is used
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "turnstile",
                "client_encoding": "utf8",  # otherwise the database's, and psycopg gives bytes for SQL_ASCII
            },
            hide_parameters=True,  # an error that is logged quotes no name
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._cancelled_probes: set[asyncio.Task[str | None]] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end of the block, or rolled back; raises DatabaseUnavailable."""
        with _translate_errors():
            async with self._sessions.begin() as session:
                yield session

    async def why_not_ready(self) -> str | None:
        """None when a query is answered within READY_TIMEOUT_S, else the reason.

        A query that hangs is cancelled in the background, which takes psycopg another 10 s.
        """
        probe = asyncio.create_task(self._probe())
        if (await asyncio.wait({probe}, timeout=READY_TIMEOUT_S))[0]:
            return probe.result()
        self._cancelled_probes.add(probe)
        probe.add_done_callback(self._cancelled_probes.discard)
        probe.cancel()
        return f"the database does not answer within {READY_TIMEOUT_S:g} s"

    async def _probe(self) -> str | None:
        try:
            async with self.transaction() as session:
                await session.execute(text("SELECT 1"))
        except DatabaseUnavailable as error:
            return str(error)
        return None

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _driver_url(url: str) -> URL:
    """`postgresql://...` with psycopg 3 as SQLAlchemy's driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """The URL for psycopg itself; it contains the password."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except PoolExhausted as error:
        raise DatabaseUnavailable("every connection to the database is in use") from error
    except DBAPIError as error:
        if not _is_unavailable(error):
            raise
        raise DatabaseUnavailable("the database does not answer") from error


def _is_unavailable(error: DBAPIError) -> bool:
    """Whether the same call may succeed later; a refused connection has no SQLSTATE."""
    state = getattr(error.orig, "sqlstate", None) or CONNECTION_REFUSED
    return error.connection_invalidated or (
        isinstance(error, OperationalError) and state.startswith((*UNAVAILABLE, ROLLED_BACK))
    )
