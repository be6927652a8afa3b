"""PostgreSQL as the services see it: one transaction at a time, and one error when it is away."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from gateway.errors import DatabaseAway

__all__ = ["AsyncSession", "Database"]  # the session for those who hand it on and know no SQL

POOL_SIZE = 10  # a query takes a few ms, and the gateway answers some 100 requests a second
POOL_OVERFLOW = 10
POOL_WAIT_S = 10.0
CONNECT_TIMEOUT_S = 5
READY_TIMEOUT_S = 3.0  # those who probe wait for 4 or 5
REFUSED = "08001"
AWAY = ("08", "57P", "53")  # classes of SQLSTATE: connection, operator intervention, out of disk, memory, connections


class Database:
    """The pool of connections to one PostgreSQL; made without connecting, so a database may come later."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            _driver_url(url),
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=POOL_WAIT_S,
            pool_pre_ping=True,  # a connection that died while it lay idle is replaced, not handed out
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "turnstile"},
            hide_parameters=True,  # an error that is logged quotes no name
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._left: set[asyncio.Task[str | None]] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end, or undone whole; raises DatabaseAway."""
        with _told_as_away():
            async with self._sessions.begin() as session:
                yield session

    async def why_not_ready(self) -> str | None:
        """None when a query is answered soon, else the reason in words.

        One that hangs is left to be cancelled by itself, which takes psycopg another 10 s.
        """
        asked = asyncio.create_task(self._why_no_answer())
        if (await asyncio.wait({asked}, timeout=READY_TIMEOUT_S))[0]:
            return asked.result()
        self._left.add(asked)
        asked.add_done_callback(self._left.discard)
        asked.cancel()
        return f"the database does not answer within {READY_TIMEOUT_S:g} s"

    async def _why_no_answer(self) -> str | None:
        try:
            async with self.transaction() as session:
                await session.execute(text("SELECT 1"))
        except DatabaseAway as error:
            return str(error)
        return None

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _driver_url(url: str) -> URL:
    """`postgresql://...` as SQLAlchemy wants it, with psycopg 3 for a driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """The same, for psycopg itself; it holds the password."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _told_as_away() -> Iterator[None]:
    try:
        yield
    except PoolExhausted as error:
        raise DatabaseAway("every connection to the database is in use") from error
    except DBAPIError as error:
        if not _is_away(error):
            raise
        raise DatabaseAway("the database does not answer") from error


def _is_away(error: DBAPIError) -> bool:
    """Whether the connection, not the statement, was at fault; a refused connection has no SQLSTATE at all."""
    state = getattr(error.orig, "sqlstate", None) or REFUSED
    return error.connection_invalidated or (isinstance(error, OperationalError) and state.startswith(AWAY))
