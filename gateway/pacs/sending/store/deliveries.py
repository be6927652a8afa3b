"""The rows of deliveries as people see them: listed, sent again, failed with their destination."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.paging import PageRange, count
from gateway.database.tables import DeliveryRow, ReportRow, ScanRow
from gateway.database.tables.deliveries import OPEN, DeliveryState
from gateway.pacs.sending.faults import FaultCode

AFRESH: Final[dict[str, Any]] = {
    "state": DeliveryState.WAITING,
    "failures": 0,
    "next_attempt_at": func.now(),
    "leased_until": None,
    "error": None,
    "detail": None,
    "transaction_uid": None,
    "commitment_due_at": None,
    "created_at": func.now(),  # its age is that of the request
    "updated_at": func.now(),
}


@dataclass(frozen=True)
class DeliveryFilter:
    """Which deliveries of one institution; None in a field means all."""

    institution: str
    scan_id: UUID | None = None
    destination: str | None = None
    state: DeliveryState | None = None


async def page(session: AsyncSession, criteria: DeliveryFilter, part: PageRange) -> tuple[Sequence[DeliveryRow], int]:
    """Deliveries, newest first, and their total number."""
    found = _where(criteria)
    newest = found.order_by(DeliveryRow.created_at.desc(), DeliveryRow.id).limit(part.limit).offset(part.offset)
    return (await session.scalars(newest)).all(), await count(session, found)


async def find(session: AsyncSession, institution: str, delivery_id: UUID) -> DeliveryRow | None:
    """The delivery with this id, as it is now."""
    own = (DeliveryRow.institution == institution, DeliveryRow.id == delivery_id)
    return await session.scalar(select(DeliveryRow).where(*own).execution_options(populate_existing=True))


async def send_again(session: AsyncSession, institution: str, delivery_id: UUID) -> DeliveryRow | None:
    """Ended -> waiting; a waiting one is tried at once. None when there is no such delivery.

    One that is being sent stays as it is: its sender goes on.
    """
    own = (DeliveryRow.institution == institution, DeliveryRow.id == delivery_id)
    idle = DeliveryRow.state != DeliveryState.SENDING
    await session.execute(update(DeliveryRow).where(*own, idle).values(**AFRESH))
    return await find(session, institution, delivery_id)


async def request(session: AsyncSession, institution: str, scan_id: UUID, destination: str) -> DeliveryRow | None:
    """The delivery of the scan's newest report, waiting from now on; None without a report."""
    # before its reports, in the order of a cascading delete: else the two deadlock
    await session.execute(select(ScanRow.id).where(ScanRow.id == scan_id).with_for_update(key_share=True))
    newest = select(ReportRow).where(ReportRow.institution == institution, ReportRow.scan_id == scan_id)
    report = await session.scalar(newest.order_by(ReportRow.created_at.desc(), ReportRow.id.desc()).limit(1))
    if report is None:
        return None
    own = {
        "institution": institution,
        "destination": destination,
        "scan_id": scan_id,
        "analysis_id": report.analysis_id,
    }
    made = insert(DeliveryRow).values(id=uuid4(), **own).on_conflict_do_nothing()
    await session.execute(made)
    same = (DeliveryRow.analysis_id == report.analysis_id, DeliveryRow.destination == destination)
    found = await session.scalar(select(DeliveryRow.id).where(*same))
    return None if found is None else await send_again(session, institution, found)


async def restart_missing(session: AsyncSession, institution: str, destination: str) -> int:
    """Let what failed because there was no such destination wait for it; returns how many."""
    missing = (DeliveryRow.state == DeliveryState.FAILED, DeliveryRow.error == FaultCode.NO_DESTINATION)
    own = (DeliveryRow.institution == institution, DeliveryRow.destination == destination)
    return await _changed(session, update(DeliveryRow).where(*own, *missing).values(**AFRESH))


async def fail_open(session: AsyncSession, institution: str, destination: str, error: str, detail: str) -> int:
    """Fail what waits or is being sent; returns how many."""
    own = (DeliveryRow.institution == institution, DeliveryRow.destination == destination)
    failed = {
        "state": DeliveryState.FAILED,
        "error": error,
        "detail": detail,
        "leased_until": None,
        "updated_at": func.now(),
    }
    return await _changed(session, update(DeliveryRow).where(*own, DeliveryRow.state.in_(OPEN)).values(**failed))


async def _changed(session: AsyncSession, statement: Any) -> int:
    return len((await session.scalars(statement.returning(DeliveryRow.id))).all())


def _where(criteria: DeliveryFilter) -> Select[DeliveryRow]:
    wanted = select(DeliveryRow).where(DeliveryRow.institution == criteria.institution)
    for name in ("scan_id", "destination", "state"):
        if (value := getattr(criteria, name)) is not None:
            wanted = wanted.where(getattr(DeliveryRow, name) == value)
    return wanted
