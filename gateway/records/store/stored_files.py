"""What is looked at: the file of a scan and the evidence of its report; and which analyses evidence is kept for."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, cast, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, BlobRow, ReportRow, ScanRow


@dataclass(frozen=True)
class Uploaded:
    """What a scan's file is, and which study its newest analysis is about."""

    scan_id: UUID
    patient_id: UUID
    sha256: str
    size: int
    file_name: str = field(repr=False)
    study_uid: str | None


async def of_scan(session: AsyncSession, institution: str, scan_id: UUID) -> Uploaded | None:
    """The file of a scan of this institution."""
    found = await session.execute(
        select(ScanRow.id, ScanRow.patient_id, BlobRow.sha256, BlobRow.size, ScanRow.file_name, ScanRow.study_uid)
        .join(BlobRow, BlobRow.sha256 == ScanRow.sha256)
        .where(ScanRow.id == scan_id, ScanRow.institution == institution)
    )
    row = found.one_or_none()
    return None if row is None else Uploaded(*row)


async def evidence_of_scan(session: AsyncSession, institution: str, scan_id: UUID) -> str | None:
    """The key of the evidence of the scan's newest report that has one."""
    key: str | None = await session.scalar(
        select(ReportRow.evidence_key)
        .where(ReportRow.scan_id == scan_id, ReportRow.institution == institution, ReportRow.evidence_key.is_not(None))
        .order_by(ReportRow.created_at.desc())
        .limit(1)
    )
    return key


async def analyses_there(session: AsyncSession, analysis_ids: Collection[str]) -> set[str]:
    """Those of these analyses that are still in the records."""
    named = cast(AnalysisRow.id, Text)
    wanted = literal(list(analysis_ids), ARRAY(Text))  # an IN of more than 65,535 is refused
    return set(await session.scalars(select(named).where(named == any_(wanted))))
