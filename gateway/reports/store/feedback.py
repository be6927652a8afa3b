"""The rows of feedback: one for each user and report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.paging import PageRange, count
from gateway.database.tables import FeedbackRow, ReportRow


@dataclass(frozen=True)
class FeedbackEntry:
    """A feedback and the report that it is about."""

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
    """Store the user's feedback on this version of the report, in place of an earlier one."""
    values = {
        "agrees": agrees,
        "finding": finding,
        "comment": comment,
        "report_version": report.version,
        "created_at": now,
    }
    where = {"report_id": report.id, "user_key": user_key}
    new = insert(FeedbackRow).values(**where, scan_id=report.scan_id, institution=report.institution, **values)
    upsert = new.on_conflict_do_update(index_elements=list(where), set_=values).returning(FeedbackRow)
    return (await session.scalars(upsert, execution_options={"populate_existing": True})).one()


async def of_user(session: AsyncSession, report_id: UUID, user_key: str) -> FeedbackRow | None:
    """The user's feedback on this report."""
    mine = (FeedbackRow.report_id == report_id, FeedbackRow.user_key == user_key)
    return await session.scalar(select(FeedbackRow).where(*mine))


async def page(
    session: AsyncSession, institution: str, agrees: bool | None, page_range: PageRange
) -> tuple[tuple[FeedbackEntry, ...], int]:
    """A page of an institution's feedback, newest first, and the total number."""
    wanted = _of(institution, agrees)
    found = await session.execute(wanted.limit(page_range.limit).offset(page_range.offset))
    return tuple(FeedbackEntry(*row) for row in found), await count(session, wanted.with_only_columns(FeedbackRow.id))


async def all_ids(session: AsyncSession, institution: str, agrees: bool | None) -> Sequence[UUID]:
    """The ids of all feedback of an institution, newest first."""
    return (await session.scalars(_of(institution, agrees).with_only_columns(FeedbackRow.id))).all()


async def by_ids(
    session: AsyncSession, institution: str, agrees: bool | None, ids: Sequence[UUID]
) -> tuple[FeedbackEntry, ...]:
    """The feedback with these ids as it is now, in their order; without what was deleted, or fits no more."""
    found = {
        row[0].id: FeedbackEntry(*row)
        for row in await session.execute(_of(institution, agrees).where(FeedbackRow.id.in_(ids)))
    }
    return tuple(found[id_] for id_ in ids if id_ in found)


def _of(institution: str, agrees: bool | None) -> Select[FeedbackRow, ReportRow]:
    wanted = (
        select(FeedbackRow, ReportRow)
        .join(ReportRow, ReportRow.id == FeedbackRow.report_id)
        .where(FeedbackRow.institution == institution)
        .order_by(FeedbackRow.created_at.desc(), FeedbackRow.id)
    )
    return wanted if agrees is None else wanted.where(FeedbackRow.agrees == agrees)
