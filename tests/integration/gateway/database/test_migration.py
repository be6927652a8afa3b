"""The schema after all migrations is the one of the tables in the code."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from gateway.database.connection import Database
from gateway.database.migration import SchemaTooNew, migrate, why_not_current
from gateway.database.tables import Base
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


def _differences(connection: Connection) -> list[object]:
    ours = MigrationContext.configure(connection, opts={"include_name": _is_ours, "compare_server_default": True})
    return list(compare_metadata(ours, Base.metadata))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not str(name).startswith("procrastinate_")
