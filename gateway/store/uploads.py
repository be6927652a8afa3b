"""The bytes of scans: which blob a scan has, and which blobs no scan has any more.

Whoever puts a blob in its place or takes it away holds its lock until the transaction ends, so that a scan never
refers to bytes that somebody else is deleting.
"""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.store.blobs import StoredBlob
from gateway.store.tables import BlobRow, PatientRow, ReportRow, ScanRow


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


async def patient_is_there(session: AsyncSession, institution: str, patient_id: UUID, *, hold: bool = False) -> bool:
    """Whether the institution has this patient; `hold` keeps others from deleting it while the transaction lasts."""
    wanted = select(PatientRow.id).where(PatientRow.id == patient_id, PatientRow.institution == institution)
    return await session.scalar(wanted.with_for_update(key_share=True, read=True) if hold else wanted) is not None


async def lock(session: AsyncSession, sha256: str) -> None:
    """Keep everybody else from putting this blob in its place or taking it away while the transaction lasts."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(sha256, 0))))


async def add(session: AsyncSession, blob: StoredBlob, scan: ScanRow) -> None:
    """A scan of bytes that are in their place."""
    await session.execute(insert(BlobRow).values(sha256=blob.sha256, size=blob.size).on_conflict_do_nothing())
    session.add(scan)
    await session.flush()


async def forget_unused(session: AsyncSession, sha256: str) -> bool:
    """Delete the blob's row unless a scan has it; whether no scan has it."""
    if await session.scalar(select(exists().where(ScanRow.sha256 == sha256))):
        return False
    await session.execute(delete(BlobRow).where(BlobRow.sha256 == sha256))
    return True
