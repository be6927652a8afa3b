"""Which waiting objects instances name, and studies without an instance."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ARRAY, Text, any_, delete, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import IncomingInstanceRow, IncomingStudyRow
from gateway.pacs.receiving.store.arrivals import NOW


async def named(session: AsyncSession, keys: Collection[str]) -> set[str]:
    """Those of these keys that instances wait under."""
    row = IncomingInstanceRow
    found = select(row.waiting_key).where(row.waiting_key == any_(literal(list(keys), ARRAY(Text))))
    return {str(key) for key in await session.scalars(found)}


async def delete_empty_studies(session: AsyncSession, age: timedelta) -> None:
    """Delete studies whose instances went with their scan, when none came for `age`."""
    row = IncomingStudyRow
    held = select(1).where(IncomingInstanceRow.study_id == row.id).exists()
    await session.execute(delete(row).where(~held, row.last_at < NOW - age))
