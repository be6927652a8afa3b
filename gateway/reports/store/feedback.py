"""The rows of feedback: what radiologists say of reports, one word a person and report."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.paging import Window, count
from gateway.database.tables import FeedbackRow, ReportRow

ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Opinion:
    """What somebody said, and what the report had said."""

    feedback: FeedbackRow
    report: ReportRow


async def put(
    session: AsyncSession,
    report: ReportRow,
    user_key: str,
    agrees: bool,
    finding: str | None,
    comment: str | None,
    now: datetime,
) -> FeedbackRow:
    """Keep what this person says of this version of the report, in the place of what they said before."""
    said = {
        "agrees": agrees,
        "finding": finding,
        "comment": comment,
        "report_version": report.version,
        "created_at": now,
    }
    where = {"report_id": report.id, "user_key": user_key}
    new = insert(FeedbackRow).values(**where, scan_id=report.scan_id, institution=report.institution, **said)
    kept = new.on_conflict_do_update(index_elements=list(where), set_=said).returning(FeedbackRow)
    return (await session.scalars(kept, execution_options={"populate_existing": True})).one()


async def of_person(session: AsyncSession, report_id: UUID, user_key: str) -> FeedbackRow | None:
    """What this person said of this report."""
    mine = (FeedbackRow.report_id == report_id, FeedbackRow.user_key == user_key)
    return await session.scalar(select(FeedbackRow).where(*mine))


async def page(
    session: AsyncSession, institution: str, agrees: bool | None, window: Window
) -> tuple[tuple[Opinion, ...], int]:
    """An institution's feedback, newest first, and how much there is in all."""
    wanted = _of(institution, agrees)
    found = await session.execute(wanted.limit(window.limit).offset(window.offset))
    return tuple(Opinion(*row) for row in found), await count(session, wanted.with_only_columns(FeedbackRow.id))


async def every(session: AsyncSession, institution: str, agrees: bool | None) -> AsyncIterator[Opinion]:
    """The same, all of it, some at a time and never all in memory."""
    wanted = _of(institution, agrees).execution_options(yield_per=ROWS_AT_ONCE)
    async for row in await session.stream(wanted):
        yield Opinion(*row)


def _of(institution: str, agrees: bool | None) -> Select[FeedbackRow, ReportRow]:
    wanted = (
        select(FeedbackRow, ReportRow)
        .join(ReportRow, ReportRow.id == FeedbackRow.report_id)
        .where(FeedbackRow.institution == institution)
        .order_by(FeedbackRow.created_at.desc(), FeedbackRow.id)
    )
    return wanted if agrees is None else wanted.where(FeedbackRow.agrees == agrees)
