"""The SQL of leases of deliveries: claimed by one sender, renewed, ended.

Every write is conditional on the attempt of the lease, so a sender whose lease was lost changes nothing. A destination
is locked before its deliveries, everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import DeliveryRow, DestinationRow
from gateway.database.tables.deliveries import OPEN, DeliveryState
from gateway.pacs.sending.faults import Fault


@dataclass(frozen=True)
class DeliveryLease:
    """One sender's lease of a delivery, which is lost with another state or attempt.

    `failures` counts the earlier attempts that count; `probes`: the destination did not answer the last time.
    """

    delivery_id: UUID
    attempt: int
    failures: int
    institution: str
    scan_id: UUID
    analysis_id: UUID
    destination: DestinationRow
    probes: bool


def _is_due() -> Any:
    """Its turn has come, or the lease of its sender has expired."""
    waits = and_(DeliveryRow.state == DeliveryState.WAITING, DeliveryRow.next_attempt_at <= func.now())
    expired = and_(DeliveryRow.state == DeliveryState.SENDING, DeliveryRow.leased_until < func.now())
    return and_(DeliveryRow.state.in_(OPEN), or_(waits, expired))


def _goes_to_destination() -> Any:
    return and_(DeliveryRow.institution == DestinationRow.institution, DeliveryRow.destination == DestinationRow.name)


async def claim(session: AsyncSession, at_once: int, lease_s: float) -> DeliveryLease | None:
    """The delivery whose turn is next at a destination that has a place; None when there is none.

    Urgent ones come first, then the oldest. A destination that did not answer gets one delivery at a time.
    """
    for destination in await _ready_destinations(session):
        places = 1 if destination.down_since is not None else at_once
        if await _held(session, destination) < places and (lease := await _claim(session, destination, lease_s)):
            return lease
    return None


async def renew(session: AsyncSession, lease: DeliveryLease, lease_s: float) -> bool:
    """Renew the lease; False when it is lost."""
    return await _write(session, lease, {"leased_until": _in(lease_s)})


async def begin(session: AsyncSession, lease: DeliveryLease, objects: int, transaction_uid: str | None) -> bool:
    """Write what is sent now: a report on storage commitment may come before the sending ends."""
    begun = {"objects": objects, "objects_stored": 0, "transaction_uid": transaction_uid, "committed_at": None}
    return await _write(session, lease, begun)


async def sent(
    session: AsyncSession, lease: DeliveryLease, stored: int, commitment_s: float | None, *, committed: bool
) -> bool:
    """Sending -> sent, or committed; a commitment that is awaited is due in `commitment_s` seconds."""
    known = or_(DeliveryRow.committed_at.is_not(None), literal(committed))  # the first: it was reported meanwhile
    values: dict[str, Any] = {
        "state": case((known, DeliveryState.COMMITTED), else_=DeliveryState.SENT),
        "committed_at": case((known, func.coalesce(DeliveryRow.committed_at, func.now()))),
        "commitment_due_at": None if commitment_s is None else case((~known, _in(commitment_s))),
        "objects_stored": stored,
        "sent_at": func.now(),
        "error": None,
        "detail": None,
    }
    return await _write(session, lease, {**values, "leased_until": None})


async def failed(session: AsyncSession, lease: DeliveryLease, reason: Fault, stored: int) -> bool:
    """Sending -> failed."""
    values = {"state": DeliveryState.FAILED, "error": reason.code, "detail": reason.detail, "objects_stored": stored}
    return await _write(session, lease, {**values, "leased_until": None})


async def wait(
    session: AsyncSession, lease: DeliveryLease, reason: Fault | None, pause_s: float, *, counts: bool, **values: Any
) -> bool:
    """Sending -> waiting, for `pause_s` seconds by PostgreSQL's clock; `counts` for the retry schedule."""
    values |= {"next_attempt_at": _in(pause_s), "failures": lease.failures + counts}
    if reason is not None:
        values |= {"error": reason.code, "detail": reason.detail}
    return await _write(session, lease, {**values, "state": DeliveryState.WAITING, "leased_until": None})


async def _ready_destinations(session: AsyncSession) -> Sequence[DestinationRow]:
    """Destinations that may be sent to now and for which a delivery is due, locked; those of other claims are left."""
    due = exists().where(_goes_to_destination(), _is_due())
    ready = (DestinationRow.enabled, or_(DestinationRow.retry_at.is_(None), DestinationRow.retry_at <= func.now()))
    statement = select(DestinationRow).where(*ready, due).order_by(func.random())
    return (await session.scalars(statement.with_for_update(skip_locked=True, key_share=True))).all()


async def _held(session: AsyncSession, destination: DestinationRow) -> int:
    """How many deliveries are being sent there now, by every process."""
    being_sent = (DeliveryRow.state == DeliveryState.SENDING, DeliveryRow.leased_until >= func.now())
    there = (DeliveryRow.institution == destination.institution, DeliveryRow.destination == destination.name)
    return await session.scalar(select(func.count()).select_from(DeliveryRow).where(*there, *being_sent)) or 0


async def _claim(session: AsyncSession, destination: DestinationRow, lease_s: float) -> DeliveryLease | None:
    there = (DeliveryRow.institution == destination.institution, DeliveryRow.destination == destination.name)
    order = (DeliveryRow.urgent.desc(), DeliveryRow.created_at, DeliveryRow.id)
    row = await session.scalar(
        select(DeliveryRow).where(*there, _is_due()).order_by(*order).limit(1).with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    attempt, probes = row.attempt + 1, destination.down_since is not None
    await session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == row.id)
        .values(
            state=DeliveryState.SENDING,
            attempt=attempt,
            leased_until=_in(lease_s),
            updated_at=func.now(),
        )
    )
    own = (row.institution, row.scan_id, row.analysis_id)
    return DeliveryLease(row.id, attempt, row.failures, *own, destination, probes)


async def _write(session: AsyncSession, lease: DeliveryLease, values: dict[str, Any]) -> bool:
    held = (
        DeliveryRow.id == lease.delivery_id,
        DeliveryRow.state == DeliveryState.SENDING,
        DeliveryRow.attempt == lease.attempt,
    )
    written = update(DeliveryRow).where(*held).values(updated_at=func.now(), **values).returning(DeliveryRow.id)
    return await session.scalar(written) is not None


def _in(seconds: float) -> Any:
    """The moment in so many seconds, by PostgreSQL's clock."""
    return func.now() + timedelta(seconds=seconds)
