"""From whatever schema a database has to the one that this code needs."""

import asyncio
from pathlib import Path
from time import monotonic

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.database.connection import Database
from gateway.errors import DatabaseAway

STEPS = Path(__file__).with_name("migrations")
POLL_S = 0.5
LOCK = 7_465_726_847  # any number that nobody else takes: pg_advisory_xact_lock(bigint)


class SchemaTooNew(Exception):
    """The records are of a newer release, and this one would not know what it spoils."""


async def migrate(database: Database) -> str:
    """Take every step that is missing, all or none, and return the newest; several that start at once take turns.

    Raises DatabaseAway and SchemaTooNew.
    """
    async with database.transaction() as session:
        connection = await session.connection()
        return await connection.run_sync(_upgrade)


async def migrate_when_it_answers(database: Database, patience_s: float) -> str:
    """Wait for the database, then migrate; raises DatabaseAway, with the driver's own words for whoever starts this."""
    end_s = monotonic() + patience_s
    while True:
        try:
            return await migrate(database)
        except DatabaseAway as error:
            if monotonic() > end_s:
                raise DatabaseAway(f"{error.detail}: {getattr(error.__cause__, 'orig', 'no connection')}") from error
        await asyncio.sleep(POLL_S)


async def revision(database: Database) -> str | None:
    """The step that the database has come to, None when it has no schema; raises DatabaseAway."""
    async with database.transaction() as session:
        connection = await session.connection()
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def knows(step: str) -> bool:
    """Whether this code can go on from that step: one of a newer release is not known."""
    return step in {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}


async def why_not_current(database: Database) -> str | None:
    """None when the schema is this code's, else the reason in words; raises DatabaseAway."""
    found = await revision(database)
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    return None if found == newest else f"its schema is {found or 'empty'}, {newest} is needed: run `turnstile migrate`"


def _upgrade(connection: Connection) -> str:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = _config()
    there = MigrationContext.configure(connection).get_current_revision()
    if there is not None and not knows(there):
        raise SchemaTooNew(f"the database has the schema {there} of a newer release: run that one, or restore a backup")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return ScriptDirectory.from_config(config).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.set_main_option("path_separator", "os")
    return config
