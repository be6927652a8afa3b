"""The checks before a database is replaced by a dump, and the SQL that clears it."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.backups.store.database_snapshot import count_rows
from gateway.database.migration import LOCK
from gateway.database.tables import Base

QUEUE_PREFIX: Final = "procrastinate_"
MIGRATION_TABLE: Final = "alembic_version"

# Runs in one transaction with the dump. A gateway that starts meanwhile waits for the lock before it migrates.
CLEAR_SQL: Final = f"SELECT pg_advisory_xact_lock({LOCK}); DROP SCHEMA public CASCADE; CREATE SCHEMA public"

# Backends without a client (autovacuum) have no user.
OTHER_CONNECTIONS: Final = text(
    "SELECT DISTINCT coalesce(nullif(application_name, ''), 'a client without a name') FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL"
)


async def other_connections(session: AsyncSession) -> Sequence[str]:
    """The application names of the other connections to this database."""
    return sorted(await session.scalars(OTHER_CONNECTIONS))


async def record_counts(session: AsyncSession) -> dict[str, int]:
    """The number of rows of each non-empty table of records; a new schema has none."""
    return {name: rows for name, rows in (await count_rows(session)).items() if rows and name in _own_tables()}


async def foreign_tables(session: AsyncSession) -> Sequence[str]:
    """Tables of other programs."""
    names: Mapping[str, int] = await count_rows(session)
    known = {*_own_tables(), MIGRATION_TABLE}
    return [name for name in names if name not in known and not name.startswith(QUEUE_PREFIX)]


def _own_tables() -> set[str]:
    return set(Base.metadata.tables)
