"""The schema after all migrations is the one of the tables in the code."""

import asyncio
import hashlib
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from gateway.database.alembic_upgrade import alembic_config
from gateway.database.connection import Database
from gateway.database.migration import NEWEST, DatabaseNotUtf8, SchemaTooNew, migrate, why_not_current
from gateway.database.tables import Base
from tests.integration.gateway.database.old_schema import upgrade_to
from tests.postgres import RunningPostgres


async def test_an_empty_database_is_migrated_once_by_three_concurrent_calls(postgres: RunningPostgres) -> None:
    database = Database(postgres.new_database("template1"))
    try:
        assert "turnstile migrate" in (await why_not_current(database) or "")
        assert len(set(await asyncio.gather(*(migrate(database) for _ in range(3))))) == 1
        assert await why_not_current(database) is None
    finally:
        await database.close()


async def test_a_schema_of_a_newer_release_is_refused(postgres: RunningPostgres) -> None:
    database = Database(postgres.new_database())
    try:
        async with database.transaction() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(SchemaTooNew, match="9999"):
            await migrate(database)
    finally:
        await database.close()


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_database_that_cannot_hold_every_name_is_refused(postgres: RunningPostgres, encoding: str) -> None:
    with psycopg.connect(postgres.server.url, autocommit=True) as connection:
        created = f"CREATE DATABASE in_{encoding.lower()} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
        connection.execute(created.encode())
    database = Database(postgres.url_of(f"in_{encoding.lower()}"))
    try:
        with pytest.raises(DatabaseNotUtf8, match=encoding):
            await migrate(database)
    finally:
        await database.close()


def test_revisions_are_numbered_in_their_order() -> None:
    """An operator reads them in errors ("its schema is 0008, 0009 is needed") and in backups."""
    revisions = [one.revision for one in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert revisions[0] == NEWEST


async def test_the_migrations_create_the_tables_of_the_code(database: Database) -> None:
    async with database.transaction() as session:
        differences = await (await session.connection()).run_sync(_differences)
    assert differences == []


async def test_audit_events_cannot_be_changed(database: Database) -> None:
    for statement in (
        f"{change} {table}{to}"
        for table in ("audit_events", "audit_pending")
        for change, to in (("UPDATE", " SET actor = 'x'"), ("DELETE FROM", ""), ("TRUNCATE", ""))
    ):
        with pytest.raises(ProgrammingError, match="written once"):
            async with database.transaction() as session:
                await session.execute(text(statement))


async def test_stored_answers_become_references(postgres: RunningPostgres) -> None:
    """Of the keys of release 0.1, those whose record is still there."""
    database = Database(postgres.new_database("template1"))
    try:
        async with database.transaction() as session:
            await (await session.connection()).run_sync(upgrade_to, "0008")
            await session.execute(OLD_PATIENT, {"id": PATIENT})
            await session.execute(OLD_KEY, {"key": "kept", "id": PATIENT})
            await session.execute(OLD_KEY, {"key": "of a deleted one", "id": str(uuid4())})
        await migrate(database)
        async with database.transaction() as session:
            rows = (await session.execute(REFERENCES)).mappings().all()
            assert (await session.execute(ANSWERS)).all() == []
            # A gateway of the old release that still runs stores an answer; then the patient is deleted.
            await session.execute(OLD_KEY, {"key": "during the upgrade", "id": PATIENT})
            await session.execute(text("DELETE FROM patients"))
            assert (await session.execute(ANSWERS)).all() == []
            assert (await session.execute(REFERENCES)).mappings().one()["fingerprint"] is None
    finally:
        await database.close()
    (row,) = rows
    assert (row["institution"], row["key"]) == ("st-anna", hashlib.sha256(b"kept").hexdigest())
    assert (str(row["record_id"]), row["fingerprint"]) == (PATIENT, "f")
    assert "Anna" not in str(row)


PATIENT = "6d1f2f0e-58f3-4b7c-9d8a-0e1c3f5a7b11"
OLD_PATIENT = text(
    "INSERT INTO patients (id, institution, first_name, last_name, pseudonym)"
    " VALUES (:id, 'st-anna', 'Anna', 'One', 'P-1')"
)
REFERENCES = text("SELECT * FROM idempotency_references")
ANSWERS = text("SELECT * FROM idempotency_keys")
OLD_KEY = text(
    "INSERT INTO idempotency_keys (principal, key, fingerprint, status, headers, body) VALUES"
    " ('token:1', :key, 'f', 201, jsonb_build_object('Location', '/api/patients/' || CAST(:id AS text)), 'Anna')"
)


def _differences(connection: Connection) -> list[object]:
    ours = MigrationContext.configure(connection, opts={"include_name": _is_ours, "compare_server_default": True})
    return list(compare_metadata(ours, Base.metadata))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not str(name).startswith("procrastinate_")
