"""Scans to analyse, inserted into the tables, and leases of chosen ones."""

import hashlib
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.analyses.job_leases import JobLeases
from gateway.analyses.store import job_leases
from gateway.analyses.store.job_leases import JobLease
from gateway.database.tables import BlobRow, PatientRow, ScanRow

INSTITUTION = "st-elsewhere"


async def new_scan(session: AsyncSession, content: bytes = b"", institution: str = INSTITUTION) -> UUID:
    """A scan of a patient of its own, whose file holds `content`."""
    sha256 = hashlib.sha256(content).hexdigest()
    patient = PatientRow(
        institution=institution, first_name="Erika", last_name="Mustermann", pseudonym=f"P-{uuid4().hex}"
    )
    session.add(patient)
    await session.execute(insert(BlobRow).values(sha256=sha256, size=len(content)).on_conflict_do_nothing())
    await session.flush()
    scan = ScanRow(institution=institution, patient_id=patient.id, file_name="study.zip", sha256=sha256)
    session.add(scan)
    await session.flush()
    return scan.id


async def claim(leases: JobLeases, analysis_id: UUID, model_card: str = "card-1") -> JobLease | None:
    """Claim this analysis, whatever turn it is."""
    async with leases.database.transaction() as session:
        return await job_leases.claim(session, analysis_id, leases.worker, model_card)
