"""The rows of refused senders: few, since anybody on the network can invent AE titles."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import RefusedSenderRow
from gateway.database.tables.scan_origins import Source

KEPT: Final = 200  # rows of an institution, the newest
PAUSE: Final = timedelta(days=1)

Key = tuple[str, Source, str, str]  # institution, source, sender, reason


async def add(session: AsyncSession, refusals: Mapping[Key, int]) -> None:
    """Add to the numbers of refusals; in the order of the keys, so that two processes never deadlock."""
    row = RefusedSenderRow
    for (institution, source, sender, reason), number in sorted(refusals.items()):
        values = {"institution": institution, "source": source, "sender": sender, "reason": reason}
        new = insert(row).values(**values, refusals=number, last_at=func.now())
        total = case((row.last_at < func.now() - PAUSE, number), else_=row.refusals + number)
        keys = [row.institution, row.source, row.sender, row.reason]
        await session.execute(
            new.on_conflict_do_update(index_elements=keys, set_={"refusals": total, "last_at": func.now()})
        )
    for institution in sorted({key[0] for key in refusals}):
        newest = select(row.last_at).where(row.institution == institution).order_by(row.last_at.desc())
        last_kept = newest.offset(KEPT - 1).limit(1).scalar_subquery()
        await session.execute(delete(row).where(row.institution == institution, row.last_at < last_kept))


async def since(session: AsyncSession, institution: str, at: datetime) -> Sequence[RefusedSenderRow]:
    """The senders that were refused since then, the last one first."""
    row = RefusedSenderRow
    own = select(row).where(row.institution == institution, row.last_at >= at).order_by(row.last_at.desc(), row.sender)
    return (await session.scalars(own)).all()
