"""The patient of a study from the network: found by Patient ID and issuer within the institution, or made."""

from typing import Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.database.connection import AsyncSession
from gateway.pacs.receiving.instance_header import PatientIdentity
from gateway.pacs.receiving.store import patient_identifiers
from gateway.principal import Principal
from gateway.records.store import patients

NO_NAME: Final = "no name"


async def patient_of(
    session: AsyncSession, principal: Principal, identity: PatientIdentity, first_name: str, last_name: str
) -> UUID:
    """The patient of this identity, made with this name in the caller's transaction when the institution has none."""
    found = await patient_identifiers.find(session, principal.institution, identity)
    if found is not None:
        return found
    row = await patients.insert(
        session, principal.institution, first_name, last_name or identity.number or NO_NAME, None
    )
    await patient_identifiers.add(session, principal.institution, identity, row.id)
    await audit_log.record(session, principal, audit_log.Action.CREATE, "patient", row.id, None)
    return row.id
