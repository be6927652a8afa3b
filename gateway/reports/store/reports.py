"""The rows of reports: one for each analysis that is done or failed; a later analysis does not replace it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import ReportRow, ScanRow


async def add(session: AsyncSession, report: ReportRow, study_uid: str | None) -> None:
    """Store the report, and copy its outcome into the scan's row."""
    session.add(report)
    says = {
        "verdict": report.verdict,
        "probability": report.probability,
        "finding": report.finding,
        "study_uid": study_uid,
    }
    own = (ScanRow.id == report.scan_id, ScanRow.analysis_id == report.analysis_id)
    await session.execute(update(ScanRow).where(*own).values(**says))


async def find(
    session: AsyncSession, institution: str, scan_id: UUID, analysis_id: UUID | None = None
) -> ReportRow | None:
    """The report of this analysis, by default the newest of the scan."""
    wanted = _of_scan(institution, scan_id)
    if analysis_id is not None:
        wanted = wanted.where(ReportRow.analysis_id == analysis_id)
    return await session.scalar(wanted.limit(1))


async def of_scan(session: AsyncSession, institution: str, scan_id: UUID) -> Sequence[ReportRow]:
    """All reports of the scan, newest first."""
    return (await session.scalars(_of_scan(institution, scan_id))).all()


async def has_report_with_evidence(session: AsyncSession, evidence_key: str) -> bool:
    """Whether a report draws its heatmaps from the evidence under this key."""
    return await session.scalar(select(ReportRow.id).where(ReportRow.evidence_key == evidence_key)) is not None


def _of_scan(institution: str, scan_id: UUID) -> Select[ReportRow]:
    return (
        select(ReportRow)
        .where(ReportRow.institution == institution, ReportRow.scan_id == scan_id)
        .order_by(ReportRow.created_at.desc(), ReportRow.id.desc())
    )
