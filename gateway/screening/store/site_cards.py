"""The model cards of an institution, newest first."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import SiteCardRow


async def add(session: AsyncSession, institution: str, card: Mapping[str, Any], by: str) -> bool:
    """Add the card; False, and nothing is written, when the institution has one of this version."""
    row = insert(SiteCardRow).values(institution=institution, version=card["version"], card=dict(card), created_by=by)
    added = await session.scalar(row.on_conflict_do_nothing().returning(SiteCardRow.version))
    return added is not None


async def find(session: AsyncSession, institution: str, version: str) -> SiteCardRow | None:
    """The card of this version, or None."""
    return await session.get(SiteCardRow, (institution, version))


async def of_institution(session: AsyncSession, institution: str) -> Sequence[SiteCardRow]:
    """All cards, newest first."""
    mine = select(SiteCardRow).where(SiteCardRow.institution == institution)
    return (await session.scalars(mine.order_by(SiteCardRow.created_at.desc(), SiteCardRow.version))).all()
