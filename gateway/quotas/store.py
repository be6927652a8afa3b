"""The SQL of usage: one row for a day and an institution, and one for each of its principals."""

from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import UsageRow


async def add(session: AsyncSession, day: date, institution: str, principal: str, scans: int, size: int) -> UsageRow:
    """Add to the usage, and return it; its row is locked until the transaction ends."""
    values = {"day": day, "institution": institution, "principal": principal, "scans": scans, "bytes": size}
    more = {"scans": UsageRow.scans + scans, "bytes": UsageRow.bytes + size}
    added = insert(UsageRow).values(values).on_conflict_do_update(constraint="pk_usage", set_=more).returning(UsageRow)
    return (await session.scalars(added, execution_options={"populate_existing": True})).one()


async def of_day(session: AsyncSession, day: date, institution: str, principal: str) -> UsageRow | None:
    """The usage of this day; None where there was none."""
    return await session.scalar(
        select(UsageRow).where(
            UsageRow.day == day, UsageRow.institution == institution, UsageRow.principal == principal
        )
    )


async def delete_before(session: AsyncSession, day: date) -> None:
    """Delete the usage of all days before `day`."""
    await session.execute(delete(UsageRow).where(UsageRow.day < day))
