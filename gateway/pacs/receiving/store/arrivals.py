"""Adds instances to their studies. The row of a study is locked meanwhile, so that its limits are exact."""

from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import IncomingInstanceRow, IncomingStudyRow
from gateway.pacs.receiving.arrival import Arrival, StudyLimits
from gateway.pacs.receiving.instance_header import InstanceHeader, PatientIdentity
from gateway.pacs.receiving.refusals import Refusal, Refused

NOW: Final = func.clock_timestamp()  # now() would be the start of the transaction


class Added(Enum):
    """What became of an instance."""

    FIRST_OF_STUDY = auto()
    ADDED = auto()
    THERE_ALREADY = auto()
    KEPT_FIRST = auto()  # it is there already with other content


async def add(session: AsyncSession, arrival: Arrival, limits: StudyLimits) -> Added:
    """Add the instance to its study, which is made when missing; raises Refused."""
    study_id, known = await _lock_study(session, arrival)
    instances, size, digest = await _held(session, study_id, arrival.header.sop_uid)
    if not instances:
        await _begin_anew(session, study_id, known, arrival)
    elif known.is_other(arrival.header.patient):
        raise Refused(Refusal.OTHER_PATIENT)
    if digest is not None:
        return Added.THERE_ALREADY if digest == arrival.digest else Added.KEPT_FIRST
    if instances >= limits.instances:
        raise Refused(Refusal.TOO_MANY_INSTANCES)
    if size + arrival.size > limits.bytes:
        raise Refused(Refusal.TOO_MANY_BYTES)
    if instances:
        await _complete_identity(session, study_id, known, arrival.header)
    session.add(_row(study_id, arrival))
    await session.execute(
        update(IncomingStudyRow)
        .where(IncomingStudyRow.id == study_id)
        .values(last_at=NOW, retry_at=None, urgent=IncomingStudyRow.urgent | arrival.urgent)
    )
    await session.flush()
    return Added.ADDED if instances else Added.FIRST_OF_STUDY


async def _lock_study(session: AsyncSession, arrival: Arrival) -> tuple[UUID, PatientIdentity]:
    own = select(IncomingStudyRow.id, IncomingStudyRow.number, IncomingStudyRow.issuer).where(
        IncomingStudyRow.institution == arrival.sender.institution,
        IncomingStudyRow.study_uid == arrival.header.study_uid,
    )
    while True:  # again when it is deleted with its patient between the two statements
        made = insert(IncomingStudyRow).values(_study_values(arrival)).on_conflict_do_nothing()
        await session.execute(made)
        found = (await session.execute(own.with_for_update(key_share=True))).one_or_none()
        if found is not None:
            return found.id, PatientIdentity(found.number, found.issuer)


async def _held(session: AsyncSession, study_id: UUID, sop_uid: str) -> tuple[int, int, str | None]:
    """Number and bytes of the study's instances, and the digest of this one when it is there."""
    row = IncomingInstanceRow
    digest = func.max(row.digest).filter(row.sop_uid == sop_uid)
    held = select(func.count(), func.coalesce(func.sum(row.size), 0), digest).where(row.study_id == study_id)
    instances, size, found = (await session.execute(held)).one()
    return int(instances), int(size), found


async def _begin_anew(session: AsyncSession, study_id: UUID, known: PatientIdentity, arrival: Arrival) -> None:
    """The first instance says all of a study, also of one whose scans were deleted with all its instances.

    Its patient is found by the new identifier; only where neither tells one, it is that of the deleted scans.
    """
    values = _study_values(arrival)
    if known.number or arrival.header.patient.number:
        values["patient_id"] = None
    await session.execute(update(IncomingStudyRow).where(IncomingStudyRow.id == study_id).values(values))


async def _complete_identity(
    session: AsyncSession, study_id: UUID, known: PatientIdentity, header: InstanceHeader
) -> None:
    """Add what the instances before did not tell, so that it is compared from now on.

    The name comes with the Patient ID, unless the study has its patient: nothing changes that.
    """
    completed = known.completed_by(header.patient)
    if completed == known:
        return
    own = update(IncomingStudyRow).where(IncomingStudyRow.id == study_id)
    await session.execute(own.values(number=completed.number, issuer=completed.issuer))
    if not known.number:
        names = {"first_name": header.first_name, "last_name": header.last_name}
        await session.execute(own.where(IncomingStudyRow.patient_id.is_(None)).values(names))


def _study_values(arrival: Arrival) -> dict[str, Any]:
    return {
        "institution": arrival.sender.institution,
        "study_uid": arrival.header.study_uid,
        "source": arrival.sender.source,
        "sender": arrival.sender.name,
        "requested_by": arrival.sender.key,
        "description": arrival.header.study_description,
        "age_years": arrival.header.age_years,
        "first_at": NOW,
        "last_at": NOW,
        **_patient_values(arrival.header),
    }


def _patient_values(header: InstanceHeader) -> dict[str, Any]:
    return {
        "number": header.patient.number,
        "issuer": header.patient.issuer,
        "first_name": header.first_name,
        "last_name": header.last_name,
    }


def _row(study_id: UUID, arrival: Arrival) -> IncomingInstanceRow:
    header = arrival.header
    return IncomingInstanceRow(
        study_id=study_id,
        sop_uid=header.sop_uid,
        series_uid=header.series_uid,
        modality=header.modality,
        body_part=header.body_part,
        station=header.station,
        series_description=header.series_description,
        digest=arrival.digest,
        size=arrival.size,
        waiting_key=arrival.waiting_key,
    )
