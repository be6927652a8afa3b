"""The newest reports of scans that have feedback, in batches."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import FeedbackRow, ReportRow, ScanRow

BATCH_ROWS: Final = 100  # a report has some 20 KB


@dataclass(frozen=True)
class GivenFeedback:
    """One feedback, without its text: the scan, the verdict that it is on, and what was said."""

    scan_id: UUID
    verdict: str
    agrees: bool
    finding: str | None


@dataclass(frozen=True)
class StoredReport:
    """The newest report of a scan; `studies` are the full reports."""

    scan_id: UUID
    patient_id: UUID
    created_at: datetime
    studies: Sequence[Mapping[str, Any]]


async def all_feedback(session: AsyncSession, institution: str) -> AsyncIterator[GivenFeedback]:
    """All feedback of the institution."""
    wanted = (
        select(FeedbackRow.scan_id, ReportRow.verdict, FeedbackRow.agrees, FeedbackRow.finding)
        .join(ReportRow, ReportRow.id == FeedbackRow.report_id)
        .where(FeedbackRow.institution == institution)
        .execution_options(yield_per=BATCH_ROWS)
    )
    async for row in await session.stream(wanted):
        yield GivenFeedback(*row)


async def newest_reports(session: AsyncSession, institution: str, scans: Sequence[UUID]) -> AsyncIterator[StoredReport]:
    """The newest report of each of these scans, whatever made it; a failed one too."""
    wanted = (
        select(ReportRow.scan_id, ScanRow.patient_id, ReportRow.created_at, ReportRow.body["studies"])
        .join(ScanRow, ScanRow.id == ReportRow.scan_id)
        .where(ReportRow.institution == institution)
        .order_by(ReportRow.scan_id, ReportRow.created_at.desc(), ReportRow.id.desc())
        .ext(distinct_on(ReportRow.scan_id))
    )
    for start in range(0, len(scans), BATCH_ROWS):
        batch = scans[start : start + BATCH_ROWS]
        for row in await session.execute(wanted.where(ReportRow.scan_id.in_(batch))):
            yield StoredReport(*row)


async def analysed_scans(session: AsyncSession, institution: str) -> int:
    """How many scans of the institution have a verdict of normal or pathology."""
    mine = (ScanRow.institution == institution, ScanRow.verdict.in_(("normal", "pathology")))
    return await session.scalar(select(func.count()).where(*mine)) or 0
