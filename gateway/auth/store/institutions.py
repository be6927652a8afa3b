"""The names of institutions in all tables but the audit log, which is never changed."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import TableClause, column, select, table, text, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.auth import BrowserSessionRow

# From the schema and not from the code, since `turnstile doctor` also looks at a database of an older release.
TABLES: Final = text(
    "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'institution'"
    " AND table_name NOT LIKE 'audit%' ORDER BY table_name"
)


async def names(session: AsyncSession) -> Sequence[str]:
    """The names of all institutions with records, sorted; none without tables."""
    tables = await _tables(session)
    if not tables:
        return ()
    each = [select(_institution_of(name).c.institution) for name in tables]
    return sorted(await session.scalars(union(*each)))


async def rename(session: AsyncSession, old: str, new: str) -> None:
    """Give all records of `old` to `new`, and end the browser sessions of `old`."""
    for name in await _tables(session):
        records = _institution_of(name)
        await session.execute(update(records).where(records.c.institution == old).values(institution=new))
    ended = BrowserSessionRow.principal["institution"].astext == old
    for row in await session.scalars(select(BrowserSessionRow).where(ended)):
        await session.delete(row)


def _institution_of(name: str) -> TableClause:
    return table(name, column("institution"))


async def _tables(session: AsyncSession) -> Sequence[str]:
    return [str(name) for name in await session.scalars(TABLES)]
