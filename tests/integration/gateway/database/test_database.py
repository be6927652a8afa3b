"""Which errors mean that the database is unavailable, and which are faults of the program."""

import asyncio
import os
import signal

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.exc import ProgrammingError

from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable

CUT_OTHERS = text("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()""")
OWN = text("SELECT pg_backend_pid()")


async def test_an_answering_database_is_ready(database: Database) -> None:
    assert await database.why_not_ready() is None


async def test_an_unreachable_database_is_an_error_without_its_address() -> None:
    nobody = Database("postgresql://turnstile:geheim@127.0.0.1:9/turnstile")
    assert await nobody.why_not_ready() == "the database does not answer"
    await nobody.close()


async def test_a_hanging_database_is_reported_within_the_time_limit(database: Database) -> None:
    async with database.transaction() as session:
        server = int(await session.scalar(OWN))
    os.kill(server, signal.SIGSTOP)
    try:
        assert await database.why_not_ready() == "the database does not answer within 3 s"
    finally:
        os.kill(server, signal.SIGCONT)
    assert await database.why_not_ready() is None


async def test_a_broken_idle_connection_is_replaced(database: Database, database_url: str) -> None:
    async with database.transaction() as session:
        first = await session.scalar(OWN)
    await _cut_all(database_url)
    async with database.transaction() as session:
        assert await session.scalar(OWN) != first


async def test_a_broken_transaction_is_rolled_back_and_the_database_unavailable(
    database: Database, database_url: str
) -> None:
    with pytest.raises(DatabaseUnavailable):
        await _half_done(database, database_url)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT to_regclass('half')")) is None


async def test_a_wrong_statement_does_not_make_the_database_unavailable(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="nowhere"):
        async with database.transaction() as session:
            await session.execute(text("SELECT * FROM nowhere"))


async def _half_done(database: Database, url: str) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE half (done bool)"))
        await _cut_all(url)
        await session.execute(text("SELECT 1"))


async def _cut_all(url: str) -> None:
    other = Database(url)
    async with other.transaction() as session:
        await session.execute(CUT_OTHERS)
    await other.close()


async def test_a_deadlock_is_a_reason_to_try_again(database: Database) -> None:
    """Chaos met one: a patient was deleted while an analysis of theirs was written, and the answer was 500."""
    first, second = (text(f"SELECT pg_advisory_xact_lock({number})") for number in (1, 2))
    both_hold = asyncio.Barrier(2)

    async def lock(*locks: TextClause) -> None:
        async with database.transaction() as session:
            await session.execute(locks[0])
            await both_hold.wait()
            await session.execute(locks[1])

    ended = await asyncio.gather(lock(first, second), lock(second, first), return_exceptions=True)
    assert [type(one) for one in ended if one is not None] == [DatabaseUnavailable]
