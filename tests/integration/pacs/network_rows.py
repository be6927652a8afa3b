"""Studies from the network, inserted into the tables as receiving leaves them."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import (
    AnalysisRow,
    IncomingInstanceRow,
    IncomingStudyRow,
    PatientRow,
    ScanOriginRow,
    ScanRow,
)
from gateway.database.tables.scan_origins import Source
from tests.integration.gateway.analyses.rows import new_scan


async def add_network_rows(session: AsyncSession, institution: str) -> None:
    """A chest that was screened, a head that a rule did not screen, and a study that still comes."""
    await add_study(session, institution, description="Thorax, fall", sender="CT-ER", screened=True)
    await add_study(session, institution, description="Skull", sender="CT1", body_part="HEAD", rule="Heads")
    await add_study(session, institution, description="Abdomen", sender="CT2", complete=False)


async def delete_network_rows(session: AsyncSession) -> None:
    """Delete all studies from the network, their scans and the patients of these."""
    patients = select(ScanRow.patient_id).join(ScanOriginRow, ScanOriginRow.scan_id == ScanRow.id)
    await session.execute(delete(PatientRow).where(PatientRow.id.in_(patients)))
    await session.execute(delete(IncomingStudyRow))


async def add_study(
    session: AsyncSession,
    institution: str,
    *,
    description: str = "Thorax",
    sender: str = "CT1",
    body_part: str = "CHEST",
    modality: str = "CT",
    rule: str | None = None,
    complete: bool = True,
    screened: bool = False,
    instances: int = 3,
    **study: Any,
) -> UUID | None:
    """One study; the id of its scan when it is complete."""
    scan_id = await new_scan(session, institution=institution) if complete else None
    row = IncomingStudyRow(
        institution=institution,
        study_uid=f"2.25.{uuid4().int}",
        source=Source.DIMSE,
        sender=sender,
        requested_by=f"dimse:{sender}",
        number="",
        issuer="",
        first_name="",
        last_name="",
        description=description,
        version=int(complete),
        **study,
    )
    session.add(row)
    await session.flush()
    for number in range(instances):
        place = {"scan_id": scan_id, "scan_offset": 0} if scan_id else {"waiting_key": uuid4().hex}
        session.add(
            IncomingInstanceRow(
                study_id=row.id,
                sop_uid=f"{row.study_uid}.{number}",
                series_uid=f"{row.study_uid}.0",
                modality=modality,
                body_part=body_part,
                station="ROOM 3",
                series_description="Lung",
                digest="",
                size=1,
                **place,
            )
        )
    if scan_id is not None:
        await _add_scan(session, scan_id, row, rule, screened=screened)
    return scan_id


async def _add_scan(
    session: AsyncSession, scan_id: UUID, study: IncomingStudyRow, rule: str | None, *, screened: bool
) -> None:
    origin = {"institution": study.institution, "source": study.source, "sender": study.sender, "rule": rule}
    session.add(ScanOriginRow(scan_id=scan_id, **origin))
    if screened:
        values = {"state": "failed", "requested_by": study.requested_by, "error": "not_ct", "detail": "synthetic"}
        analysis = AnalysisRow(scan_id=scan_id, institution=study.institution, **values)
        session.add(analysis)
        await session.flush()
        outcome = {"status": "failed", "verdict": "not_analysed", "error": "not_ct", "analysis_id": analysis.id}
        await session.execute(update(ScanRow).where(ScanRow.id == scan_id).values(**outcome))
