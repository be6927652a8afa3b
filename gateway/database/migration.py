"""Schema migrations: from the schema of a database to the one of this release."""

import asyncio
from pathlib import Path
from time import monotonic

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable
from screening.user_error import UserError

MIGRATIONS = Path(__file__).with_name("migrations")
POLL_S = 0.5
LOCK = 7_465_726_847  # pg_advisory_xact_lock(bigint): any number that no other program uses


class SchemaTooNew(UserError):
    """The schema is of a newer release; this one might damage its records."""


async def migrate(database: Database) -> str:
    """Run all missing migrations in one transaction and return the newest revision; concurrent calls run in turn.

    Raises DatabaseUnavailable and SchemaTooNew.
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
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def is_known_revision(revision_id: str) -> bool:
    """Whether this release has that revision: one of a newer release is not known."""
    return revision_id in {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}


async def why_not_current(database: Database) -> str | None:
    """None when the schema is the one of this release, else the reason; raises DatabaseUnavailable."""
    found = await revision(database)
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return None if found == newest else f"its schema is {found or 'empty'}, {newest} is needed: run `turnstile migrate`"


def _upgrade(connection: Connection) -> str:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = _config()
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and not is_known_revision(current):
        raise SchemaTooNew(
            f"the database has the schema {current} of a newer release: run that one, or restore a backup"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return ScriptDirectory.from_config(config).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
