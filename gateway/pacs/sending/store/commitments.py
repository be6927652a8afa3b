"""The SQL of storage commitment: what an archive reported, and what it did not report in time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import DeliveryRow
from gateway.database.tables.deliveries import DeliveryState
from gateway.pacs.sending.faults import FaultCode, fault

AT_ONCE = 100


async def commit(session: AsyncSession, transaction_uid: str, kept: int) -> bool:
    """Sent -> committed; one that is still being sent is marked.

    False for a transaction that is not awaited, or that has more objects than the `kept` ones.
    """
    awaited = (
        DeliveryRow.transaction_uid == transaction_uid,
        DeliveryRow.state.in_((DeliveryState.SENDING, DeliveryState.SENT)),
        DeliveryRow.objects <= kept,
    )
    sent = DeliveryRow.state == DeliveryState.SENT
    values = {
        "committed_at": func.now(),
        "commitment_due_at": None,
        "state": case((sent, DeliveryState.COMMITTED), else_=DeliveryRow.state),
        "updated_at": func.now(),
    }
    return (
        await session.scalar(update(DeliveryRow).where(*awaited).values(**values).returning(DeliveryRow.id)) is not None
    )


async def find(session: AsyncSession, transaction_uid: str) -> DeliveryRow | None:
    """The sent delivery whose commitment is awaited under this transaction, locked."""
    sent = (DeliveryRow.transaction_uid == transaction_uid, DeliveryRow.state == DeliveryState.SENT)
    return await session.scalar(select(DeliveryRow).where(*sent).with_for_update())


async def overdue(session: AsyncSession) -> Sequence[DeliveryRow]:
    """Sent deliveries whose commitment was not reported in time, locked."""
    late = (DeliveryRow.state == DeliveryState.SENT, DeliveryRow.commitment_due_at < func.now())
    statement = select(DeliveryRow).where(*late).limit(AT_ONCE).with_for_update(skip_locked=True)
    return (await session.scalars(statement)).all()


async def send_again(session: AsyncSession, row: DeliveryRow, code: FaultCode, pause_s: float | None) -> None:
    """Sent -> waiting for `pause_s` seconds; failed without a pause."""
    told = fault(code)
    values: dict[str, Any] = {
        "state": DeliveryState.FAILED if pause_s is None else DeliveryState.WAITING,
        "failures": row.failures + 1,
        "error": told.code,
        "detail": told.detail,
        "transaction_uid": None,
        "commitment_due_at": None,
        "updated_at": func.now(),
    }
    if pause_s is not None:
        values["next_attempt_at"] = func.now() + timedelta(seconds=pause_s)
    await session.execute(update(DeliveryRow).where(DeliveryRow.id == row.id).values(**values))
