"""Counts and durations of an institution's analyses since a moment, computed by PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, FeedbackRow, PatientRow, ReportRow, ScanRow
from gateway.database.tables.analyses import UNFINISHED

# Timings are kept by study, then by stage: {"1.2.3": {"decode": 0.11, ...}}.
STAGES: Final[TextClause] = text("""
    SELECT stage.key AS stage,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY stage.value::float) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY stage.value::float) AS p95
    FROM attempts
    JOIN analyses ON analyses.id = attempts.analysis_id
    CROSS JOIN jsonb_each(attempts.timings) AS study
    CROSS JOIN jsonb_each_text(study.value) AS stage
    WHERE analyses.institution = :institution AND attempts.finished_at >= :since
    GROUP BY stage.key ORDER BY p50 DESC
""")


@dataclass(frozen=True)
class Times:
    """Median and 95th percentile, in seconds."""

    p50: float
    p95: float


@dataclass(frozen=True)
class Queue:
    """Queued and running analyses now."""

    queued: int
    running: int
    oldest_queued_at: datetime | None


async def ended_by_hour(session: AsyncSession, institution: str, since: datetime) -> Mapping[tuple[datetime, str], int]:
    """Number of analyses that ended, by hour and state."""
    hour = func.date_trunc("hour", AnalysisRow.finished_at, "UTC").label("hour")
    ended = _ended(institution, since)
    query = select(hour, AnalysisRow.state, func.count()).where(*ended).group_by(hour, AnalysisRow.state)
    return {(hour, state): count for hour, state, count in await session.execute(query)}


async def seconds_to_report(session: AsyncSession, institution: str, since: datetime) -> Times | None:
    """Seconds from request to end of an analysis; None when none ended."""
    took_s = func.extract("epoch", AnalysisRow.finished_at - AnalysisRow.queued_at)
    quantiles = [func.percentile_cont(share).within_group(took_s.asc()) for share in (0.5, 0.95)]
    p50, p95 = (await session.execute(select(*quantiles).where(*_ended(institution, since)))).one()
    return None if p50 is None else Times(float(p50), float(p95))


async def stages(session: AsyncSession, institution: str, since: datetime) -> Mapping[str, Times]:
    """Seconds of each stage of a study, the longest stage first."""
    found = await session.execute(STAGES, {"institution": institution, "since": since})
    return {row.stage: Times(row.p50, row.p95) for row in found}


async def verdicts(session: AsyncSession, institution: str, since: datetime) -> Mapping[str, int]:
    """Number of reports, by verdict."""
    mine = (ReportRow.institution == institution, ReportRow.created_at >= since)
    found = await session.execute(select(ReportRow.verdict, func.count()).where(*mine).group_by(ReportRow.verdict))
    return dict(found.all())


async def agreement(session: AsyncSession, institution: str, since: datetime) -> Mapping[tuple[str, bool], int]:
    """Number of feedbacks that agree (True) and disagree (False), by verdict."""
    mine = (FeedbackRow.institution == institution, FeedbackRow.created_at >= since)
    said = (ReportRow.verdict, FeedbackRow.agrees)
    query = select(*said, func.count()).join(ReportRow, ReportRow.id == FeedbackRow.report_id)
    found = await session.execute(query.where(*mine).group_by(*said))
    return {(verdict, agrees): count for verdict, agrees, count in found}


async def queue(session: AsyncSession, institution: str) -> Queue:
    """The institution's unfinished analyses."""
    mine = (AnalysisRow.institution == institution, AnalysisRow.state.in_(UNFINISHED))
    found = await session.execute(select(AnalysisRow.state, func.count()).where(*mine).group_by(AnalysisRow.state))
    counts = dict(found.all())
    queued = (AnalysisRow.institution == institution, AnalysisRow.state == "queued")
    oldest = await session.scalar(select(func.min(AnalysisRow.queued_at)).where(*queued))
    return Queue(counts.get("queued", 0), counts.get("running", 0), oldest)


async def totals(session: AsyncSession, institution: str) -> Mapping[str, int]:
    """Number of patients and scans."""
    counts = {
        "patients": select(func.count()).where(PatientRow.institution == institution),
        "scans": select(func.count()).where(ScanRow.institution == institution),
    }
    return {name: await session.scalar(count) or 0 for name, count in counts.items()}


def _ended(institution: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return AnalysisRow.institution == institution, AnalysisRow.finished_at >= since
