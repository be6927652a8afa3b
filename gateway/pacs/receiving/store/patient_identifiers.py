"""The patient that an identifier names within an institution: found, or made with its name."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import PatientIdentifierRow, PatientRow
from gateway.pacs.receiving.instance_header import PatientIdentity


async def find(session: AsyncSession, institution: str, identity: PatientIdentity) -> UUID | None:
    """The patient with this identifier, locked against deletion until the transaction ends.

    The identifier is locked, too: two studies of a new patient make one. An empty Patient ID names nobody.
    """
    if not identity.number:
        return None
    key = "\x1f".join(("patient", institution, identity.issuer, identity.number))
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    row = PatientIdentifierRow
    own = (row.institution == institution, row.issuer == identity.issuer, row.number == identity.number)
    named = select(PatientRow.id).join(row, row.patient_id == PatientRow.id).where(*own)
    found: UUID | None = await session.scalar(named.with_for_update(of=PatientRow, read=True, key_share=True))
    return found


async def add(session: AsyncSession, institution: str, identity: PatientIdentity, patient_id: UUID) -> None:
    """Let the identifier name this patient; an empty Patient ID names nobody."""
    if identity.number:
        session.add(
            PatientIdentifierRow(
                institution=institution, issuer=identity.issuer, number=identity.number, patient_id=patient_id
            )
        )
        await session.flush()
