"""Schema migrations: from the schema of a database to the one of this release."""

import asyncio
from time import monotonic
from typing import Final

from sqlalchemy import Connection, text

from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable
from screening.user_error import UserError

NEWEST: Final = "0015"  # the revision of this release; a test compares it with the migrations
POLL_S = 0.5
LOCK = 7_465_726_847  # pg_advisory_xact_lock(bigint): any number that no other program uses


class SchemaTooNew(UserError):
    """The schema is of a newer release; this one might damage its records."""


class DatabaseNotUtf8(UserError):
    """The database cannot hold every name: its encoding was chosen when it was created, and cannot be changed."""


async def migrate(database: Database) -> str:
    """Run all missing migrations in one transaction and return the newest revision; concurrent calls run in turn.

    Raises DatabaseUnavailable, DatabaseNotUtf8 and SchemaTooNew.
    """
    async with database.transaction() as session:
        connection = await session.connection()
        return await connection.run_sync(_upgrade)


async def migrate_when_available(database: Database, timeout_s: float) -> str:
    """Wait up to `timeout_s` for the database, then migrate; raises DatabaseUnavailable with the driver's message."""
    end_s = monotonic() + timeout_s
    while True:
        try:
            return await migrate(database)
        except DatabaseUnavailable as error:
            if monotonic() > end_s:
                raise DatabaseUnavailable(
                    f"{error.detail}: {getattr(error.__cause__, 'orig', 'no connection')}"
                ) from error
        await asyncio.sleep(POLL_S)


async def revision(database: Database) -> str | None:
    """The revision of the database's schema, None when it has none; raises DatabaseUnavailable."""
    async with database.transaction() as session:
        connection = await session.connection()
        return await connection.run_sync(_revision)


async def why_not_current(database: Database) -> str | None:
    """None when the schema is the one of this release, else the reason; raises DatabaseUnavailable."""
    found = await revision(database)
    return None if found == NEWEST else f"its schema is {found or 'empty'}, {NEWEST} is needed: run `turnstile migrate`"


def _upgrade(connection: Connection) -> str:
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise DatabaseNotUtf8(
            f"the database's encoding is {encoding}, which cannot hold every name. Create another one: "
            "CREATE DATABASE turnstile ENCODING 'UTF8' TEMPLATE template0"
        )
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    current = _revision(connection)
    if current != NEWEST:
        from gateway.database.alembic_upgrade import upgrade  # Alembic: a third of a second, and few starts migrate

        upgrade(connection, current)
    return NEWEST


def _revision(connection: Connection) -> str | None:
    """The one row of Alembic's table; None without a row or the table."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found
