"""What must hold before a whole database is replaced by a dump, and the SQL that clears it."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.backups.store.database_snapshot import counted
from gateway.database.migration import LOCK
from gateway.database.tables import Base

QUEUE: Final = "procrastinate_"
HISTORY: Final = "alembic_version"

# In one transaction with the dump. A gateway that starts meanwhile waits for the lock before it makes its tables.
CLEAR: Final = f"SELECT pg_advisory_xact_lock({LOCK}); DROP SCHEMA public CASCADE; CREATE SCHEMA public"

# Of a backend that is no client's (autovacuum) there is no user.
OTHERS: Final = text(
    "SELECT DISTINCT coalesce(nullif(application_name, ''), 'a client without a name') FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL"
)


async def others_connected(session: AsyncSession) -> Sequence[str]:
    """By what name others are connected to this database."""
    return sorted(await session.scalars(OTHERS))


async def records_there(session: AsyncSession) -> dict[str, int]:
    """How many rows each table of records has that has any; a schema that was only made holds none."""
    return {name: rows for name, rows in (await counted(session)).items() if rows and name in _ours()}


async def strangers_there(session: AsyncSession) -> Sequence[str]:
    """Tables that were never Turnstile's."""
    names: Mapping[str, int] = await counted(session)
    return [name for name in names if name not in _ours() and name != HISTORY and not name.startswith(QUEUE)]


def _ours() -> set[str]:
    return set(Base.metadata.tables)
