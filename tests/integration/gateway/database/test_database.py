"""What is told as an absence of the database, and what is a fault of ours."""

import os
import signal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable

CUT_OTHERS = text("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid()""")
OWN = text("SELECT pg_backend_pid()")


async def test_one_that_answers_is_ready(database: Database) -> None:
    assert await database.why_not_ready() is None


async def test_one_that_nobody_serves_is_told_without_its_address() -> None:
    nobody = Database("postgresql://turnstile:geheim@127.0.0.1:9/turnstile")
    assert await nobody.why_not_ready() == "the database does not answer"
    await nobody.close()


async def test_one_that_hangs_is_told_and_nobody_waits_for_it(database: Database) -> None:
    async with database.transaction() as session:
        server = int(await session.scalar(OWN))
    os.kill(server, signal.SIGSTOP)
    try:
        assert await database.why_not_ready() == "the database does not answer within 3 s"
    finally:
        os.kill(server, signal.SIGCONT)
    assert await database.why_not_ready() is None


async def test_a_connection_that_was_cut_while_it_lay_idle_is_replaced(database: Database, database_url: str) -> None:
    async with database.transaction() as session:
        first = await session.scalar(OWN)
    await _cut_all(database_url)
    async with database.transaction() as session:
        assert await session.scalar(OWN) != first


async def test_one_that_is_cut_in_the_middle_is_away_and_the_work_undone(database: Database, database_url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        await _half_done(database, database_url)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT to_regclass('half')")) is None


async def test_a_statement_of_ours_that_is_wrong_is_no_absence(database: Database) -> None:
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
