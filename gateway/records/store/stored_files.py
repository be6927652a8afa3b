"""Where the bytes of a scan are: its file, the evidence of its report, and the analyses that have evidence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, cast, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, BlobRow, ReportRow, ScanRow


@dataclass(frozen=True)
class StoredFile:
    """The file of a scan, and the study of its newest analysis."""

    scan_id: UUID
    patient_id: UUID
    sha256: str
    size: int
    file_name: str = field(repr=False)
    study_uid: str | None


async def find_by_scan(session: AsyncSession, institution: str, scan_id: UUID) -> StoredFile | None:
    """The file of a scan; None when the institution has no such scan."""
    found = await session.execute(
        select(ScanRow.id, ScanRow.patient_id, BlobRow.sha256, BlobRow.size, ScanRow.file_name, ScanRow.study_uid)
        .join(BlobRow, BlobRow.sha256 == ScanRow.sha256)
        .where(ScanRow.id == scan_id, ScanRow.institution == institution)
    )
    row = found.one_or_none()
    return None if row is None else StoredFile(*row)


async def find_evidence_key(session: AsyncSession, institution: str, scan_id: UUID) -> str | None:
    """The evidence key of the scan's newest report that has evidence."""
    key: str | None = await session.scalar(
        select(ReportRow.evidence_key)
        .where(ReportRow.scan_id == scan_id, ReportRow.institution == institution, ReportRow.evidence_key.is_not(None))
        .order_by(ReportRow.created_at.desc())
        .limit(1)
    )
    return key


async def analyses_of_scan(session: AsyncSession, scan_id: UUID) -> Sequence[UUID]:
    """The analyses of a scan."""
    return (await session.scalars(select(AnalysisRow.id).where(AnalysisRow.scan_id == scan_id))).all()


async def analyses_of_patient(session: AsyncSession, patient_id: UUID) -> Sequence[UUID]:
    """The analyses of all scans of a patient."""
    scans = select(ScanRow.id).where(ScanRow.patient_id == patient_id)
    return (await session.scalars(select(AnalysisRow.id).where(AnalysisRow.scan_id.in_(scans)))).all()


async def existing_analyses(session: AsyncSession, analysis_ids: Collection[str]) -> set[str]:
    """Those of these analyses that still have a row."""
    id_text = cast(AnalysisRow.id, Text)
    ids = literal(list(analysis_ids), ARRAY(Text))  # PostgreSQL refuses an IN with more than 65,535 parameters
    return set(await session.scalars(select(id_text).where(id_text == any_(ids))))
