"""Studies that are complete: claimed by one process at a time, and ended with the scan that was made of them.

The claim is the transaction itself: it locks what the scan is made of, and a process that is killed loses the locks
with its connection. The order of the locks is that of a deletion: patient, scan, instances.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import IncomingInstanceRow, IncomingStudyRow, PatientRow, ScanRow
from gateway.pacs.receiving.store.arrivals import NOW

FEW: Final = 20  # of the studies that are due, for one look


@dataclass(frozen=True)
class ClaimedStudy:
    """A study and all its instances, in the order of series and instance; `earlier` is the scan of its last version."""

    study: IncomingStudyRow
    instances: Sequence[IncomingInstanceRow]
    last_at: datetime
    earlier: UUID | None


@dataclass(frozen=True)
class Waiting:
    """The number of studies that wait, and for how long the oldest one is due."""

    studies: int
    overdue_s: float


async def due(session: AsyncSession, quiet_s: float) -> Sequence[UUID]:
    """Some studies with new instances, the last of which came `quiet_s` ago, the oldest first."""
    studies = select(IncomingStudyRow.id).where(_has_new(), *_is_quiet(quiet_s))
    return (await session.scalars(studies.order_by(IncomingStudyRow.last_at).limit(FEW))).all()


async def claim(session: AsyncSession, study_id: UUID, quiet_s: float) -> ClaimedStudy | None:
    """Claim the study until the transaction ends; None when another process has it, or it is not due any more."""
    study = await session.scalar(
        select(IncomingStudyRow).where(IncomingStudyRow.id == study_id, _has_new(), *_is_quiet(quiet_s))
    )
    if study is None or not await _keep_patient(session, study):
        return None
    earlier = await _keep_scan(session, study_id)
    row = IncomingInstanceRow
    own = select(row).where(row.study_id == study_id).order_by(row.series_uid, row.sop_uid)
    instances = (await session.scalars(own.with_for_update(skip_locked=True))).all()
    count = await session.scalar(select(func.count()).select_from(row).where(row.study_id == study_id))
    if len(instances) != count or all(one.scan_id for one in instances):
        return None
    return ClaimedStudy(study, instances, study.last_at, earlier)


async def is_still_complete(session: AsyncSession, claimed: ClaimedStudy) -> bool:
    """Whether no instance came since the claim. None can come until the transaction ends."""
    own = select(IncomingStudyRow.last_at).where(IncomingStudyRow.id == claimed.study.id)
    return await session.scalar(own.with_for_update(key_share=True)) == claimed.last_at


async def end(
    session: AsyncSession, claimed: ClaimedStudy, patient_id: UUID, scan_id: UUID, offsets: Sequence[int]
) -> None:
    """Record that the scan has all instances, each at its offset. The name is forgotten: the patient has it."""
    for instance, offset in zip(claimed.instances, offsets, strict=True):
        instance.waiting_key, instance.scan_id, instance.scan_offset = None, scan_id, offset
    study = claimed.study
    study.patient_id, study.version, study.failures, study.retry_at = patient_id, study.version + 1, 0, None
    study.first_name = study.last_name = ""
    await session.flush()


async def postpone(session: AsyncSession, study_id: UUID, delay_s: float) -> int | None:
    """Try the study again after a delay; the number of failures so far, None when it is gone."""
    failed = update(IncomingStudyRow).where(IncomingStudyRow.id == study_id)
    values = {"failures": IncomingStudyRow.failures + 1, "retry_at": NOW + timedelta(seconds=delay_s)}
    failures: int | None = await session.scalar(failed.values(values).returning(IncomingStudyRow.failures))
    return failures


async def waiting(session: AsyncSession, quiet_s: float) -> Waiting:
    """What waits to be complete, or to become a scan."""
    oldest = func.extract("epoch", NOW - func.min(IncomingStudyRow.last_at)) - quiet_s
    studies, overdue_s = (await session.execute(select(func.count(), oldest).where(_has_new()))).one()
    return Waiting(studies, max(0.0, float(overdue_s or 0.0)))


def _has_new() -> ColumnElement[bool]:
    row = IncomingInstanceRow
    return select(1).where(row.study_id == IncomingStudyRow.id, row.waiting_key.is_not(None)).exists()


def _is_quiet(quiet_s: float) -> tuple[ColumnElement[bool], ...]:
    row = IncomingStudyRow
    return row.last_at <= NOW - timedelta(seconds=quiet_s), or_(row.retry_at.is_(None), row.retry_at <= NOW)


async def _keep_patient(session: AsyncSession, study: IncomingStudyRow) -> bool:
    """Let nobody delete the study's patient; False when somebody does so now, and the study with it."""
    if study.patient_id is None:
        return True
    own = select(PatientRow.id).where(PatientRow.id == study.patient_id)
    return await session.scalar(own.with_for_update(read=True, key_share=True, skip_locked=True)) is not None


async def _keep_scan(session: AsyncSession, study_id: UUID) -> UUID | None:
    """Let nobody delete the scan of the study's last version; None without one."""
    row = IncomingInstanceRow
    of_study = select(row.scan_id).where(row.study_id == study_id, row.scan_id.is_not(None))
    own = select(ScanRow.id).where(ScanRow.id.in_(of_study))
    found: UUID | None = await session.scalar(own.with_for_update(read=True, key_share=True, skip_locked=True))
    return found
