"""What an institution chose for itself, by name, with a version that tells whether it was changed since."""

from collections.abc import Mapping, Set
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import ChoiceRow


async def find(session: AsyncSession, institution: str, name: str) -> ChoiceRow | None:
    """The choice, or None where nobody chose."""
    return await session.scalar(_one(institution, name))


async def put(
    session: AsyncSession, institution: str, name: str, value: Mapping[str, Any], by: str, seen: Set[int] | None
) -> ChoiceRow | None:
    """Write the choice; None, and nothing written, when it is at none of the versions `seen` (0 where nobody chose)."""
    row = await session.scalar(_one(institution, name).with_for_update())
    if seen is not None and (row.version if row else 0) not in seen:
        return None
    if row is None:  # two who choose first at once: the second finds the first one's row, and looks again
        first = insert(ChoiceRow).values(institution=institution, name=name, value=dict(value), updated_by=by)
        return await session.scalar(first.on_conflict_do_nothing().returning(ChoiceRow))
    row.value, row.updated_by, row.version = dict(value), by, row.version + 1
    row.updated_at = await session.scalar(select(func.now())) or row.updated_at
    return row


def _one(institution: str, name: str) -> Select[ChoiceRow]:
    return select(ChoiceRow).where(ChoiceRow.institution == institution, ChoiceRow.name == name)
