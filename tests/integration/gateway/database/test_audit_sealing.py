"""Audit events are committed with their actions, and sealed into one chain whatever happens between the two."""

import asyncio
from collections.abc import AsyncIterator
from typing import LiteralString

import psycopg
import pytest
import pytest_asyncio

from gateway.audit import audit_log, store
from gateway.audit.audit_reader import AuditReader
from gateway.audit.hash_chain import Action
from gateway.audit.sealing import Sealer, seal_all
from gateway.auth.local_admin import local_admin
from gateway.database.connection import Database
from tests.postgres import RunningPostgres

ADMIN = local_admin("st-anna")


@pytest_asyncio.fixture
async def log(postgres: RunningPostgres) -> AsyncIterator[Database]:
    """A database of one test's own."""
    database = Database(postgres.new_database())
    yield database
    await database.close()


async def record(database: Database, number: int) -> None:
    async with database.transaction() as session:
        detail: audit_log.Detail = {"number": number, "words": "naïve ⚕ „quoted“ \u0007", "none": None}
        await audit_log.record(session, ADMIN, Action.READ, "patient", str(number), None, detail)


async def test_writers_do_not_wait_for_each_other(log: Database) -> None:
    """One transaction has written its event and goes on; the chain used to be locked until its commit."""
    async with log.transaction() as session:
        await audit_log.record(session, ADMIN, Action.READ, "patient", "slow", None)
        async with asyncio.timeout(30):
            await record(log, 1)
            assert await seal_all(log) == 1
    assert await seal_all(log) == 1
    assert (await AuditReader(log).verify()).rows == 2


async def test_several_sealers_and_writers_make_one_chain(log: Database) -> None:
    async def write() -> None:
        for number in range(20):
            await record(log, number)

    async def seal() -> None:
        for _ in range(10):
            await seal_all(log)

    await asyncio.gather(*(write() for _ in range(4)), *(seal() for _ in range(3)))
    await seal_all(log)
    verification = await AuditReader(log).verify()
    assert (verification.rows, verification.head_seq, verification.breaks, verification.unsealed) == (80, 80, (), 0)


async def test_what_a_killed_process_left_is_sealed_by_the_next_one(log: Database) -> None:
    await record(log, 1)
    assert (await AuditReader(log).verify()).unsealed == 1
    async with Sealer(log).running():
        await until_sealed(log, 1)
        await record(log, 2)
        await until_sealed(log, 2)
        await record(log, 3)
    assert (await AuditReader(log).verify()).rows == 3  # the end seals once more


async def test_a_rolled_back_seal_is_repeated(log: Database) -> None:
    await record(log, 1)

    async def undone() -> None:
        async with log.transaction() as session:
            assert await store.seal(session, 100) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    assert await seal_all(log) == 1
    assert (await AuditReader(log).verify()).breaks == ()


async def test_batches_are_sealed_to_the_last_event(log: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.audit.sealing.BATCH", 3)
    for number in range(7):
        await record(log, number)
    assert await seal_all(log) == 7


@pytest.mark.parametrize(
    "event",
    ['{"at": "2026-11-27T00:00:00Z"}', '{"actor": "a\\u0000b"}', '"text"', "no json"],
    ids=["fields are missing", "NUL", "no object", "no JSON"],
)
async def test_an_event_that_could_not_be_sealed_is_refused(log: Database, event: LiteralString) -> None:
    with psycopg.connect(_url(log), autocommit=True) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT append_audit(%s)", [event])
    await record(log, 1)
    assert await seal_all(log) == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_pending SET actor = 'x'", "DELETE FROM audit_pending", "TRUNCATE audit_pending"]
)
async def test_events_that_wait_cannot_be_changed_or_deleted(log: Database, statement: LiteralString) -> None:
    await record(log, 1)
    with psycopg.connect(_url(log)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
    assert await seal_all(log) == 1


async def until_sealed(database: Database, rows: int) -> None:
    """Wait until the chain has so many rows."""
    async with asyncio.timeout(60):
        while (await AuditReader(database).verify()).rows < rows:  # noqa: ASYNC110  another task seals
            await asyncio.sleep(0.05)


def _url(database: Database) -> str:
    return database._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
