"""The settings of an institution, by name, with a version for optimistic locking."""

from collections.abc import Mapping, Set
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import InstitutionSettingRow


async def find(session: AsyncSession, institution: str, name: str) -> InstitutionSettingRow | None:
    """The setting, or None when it was never set."""
    return await session.scalar(_one(institution, name))


async def put(
    session: AsyncSession, institution: str, name: str, value: Mapping[str, Any], by: str, expected: Set[int] | None
) -> InstitutionSettingRow | None:
    """Write the setting; None, and nothing is written, unless its version is one of `expected` (0: never set)."""
    row = await session.scalar(_one(institution, name).with_for_update())
    if expected is not None and (row.version if row else 0) not in expected:
        return None
    if row is None:  # of two first writes at once the second finds the row of the first, and is refused
        first = insert(InstitutionSettingRow).values(
            institution=institution, name=name, value=dict(value), updated_by=by
        )
        return await session.scalar(first.on_conflict_do_nothing().returning(InstitutionSettingRow))
    row.value, row.updated_by, row.version = dict(value), by, row.version + 1
    row.updated_at = await session.scalar(select(func.now())) or row.updated_at
    return row


def _one(institution: str, name: str) -> Select[InstitutionSettingRow]:
    return select(InstitutionSettingRow).where(
        InstitutionSettingRow.institution == institution, InstitutionSettingRow.name == name
    )
