"""The rows of destinations, and what is counted of the deliveries to each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import DeliveryRow, DestinationRow
from gateway.database.tables.deliveries import DeliveryState

UP: Final[Mapping[str, Any]] = {"down_since": None, "retry_at": None, "failures": 0, "error": None, "detail": None}


@dataclass(frozen=True)
class Traffic:
    """The deliveries to one destination: how many in each state, and since when the oldest one waits."""

    waiting: int = 0
    sending: int = 0
    sent_today: int = 0
    uncommitted: int = 0
    failed: int = 0
    oldest_waiting_at: datetime | None = None


async def all_of(session: AsyncSession, institution: str) -> Sequence[DestinationRow]:
    """The destinations of an institution, by name."""
    own = select(DestinationRow).where(DestinationRow.institution == institution)
    return (await session.scalars(own.order_by(DestinationRow.name))).all()


async def find(session: AsyncSession, institution: str, destination_id: UUID) -> DestinationRow | None:
    """The destination with this id; a change of it waits until this transaction ends."""
    own = (DestinationRow.institution == institution, DestinationRow.id == destination_id)
    return await session.scalar(select(DestinationRow).where(*own).with_for_update(key_share=True))


async def named(session: AsyncSession, institution: str, name: str) -> DestinationRow | None:
    """The destination with this name."""
    own = (DestinationRow.institution == institution, DestinationRow.name == name)
    return await session.scalar(select(DestinationRow).where(*own))


async def add(session: AsyncSession, row: DestinationRow) -> bool:
    """Add a destination; False when the name is taken."""
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    await session.refresh(row)
    return True


async def change(session: AsyncSession, row: DestinationRow, values: Mapping[str, Any]) -> None:
    """Write values; what is known of its failures is forgotten, so that it is tried at once."""
    for name, value in {**values, **UP, "updated_at": func.now()}.items():
        setattr(row, name, value)
    await session.flush()
    await session.refresh(row)


async def remove(session: AsyncSession, row: DestinationRow) -> None:
    """Delete the destination."""
    await session.execute(delete(DestinationRow).where(DestinationRow.id == row.id))


async def try_now(session: AsyncSession, institution: str, name: str) -> None:
    """A person wants it to be tried: it is not left alone any longer."""
    own = (DestinationRow.institution == institution, DestinationRow.name == name)
    await session.execute(update(DestinationRow).where(*own).values(retry_at=None))


async def mark_down(session: AsyncSession, destination_id: UUID, pause_s: float, error: str, detail: str) -> None:
    """It did not answer: nothing is sent to it for `pause_s` seconds by PostgreSQL's clock."""
    await session.execute(
        update(DestinationRow)
        .where(DestinationRow.id == destination_id)
        .values(
            down_since=func.coalesce(DestinationRow.down_since, func.now()),
            retry_at=func.now() + timedelta(seconds=pause_s),
            failures=DestinationRow.failures + 1,
            error=error,
            detail=detail,
        )
    )


async def mark_up(session: AsyncSession, destination_id: UUID) -> bool:
    """It answered; returns whether it had not before."""
    down = (DestinationRow.id == destination_id, DestinationRow.down_since.is_not(None))
    changed = update(DestinationRow).where(*down).values(**UP).returning(DestinationRow.id)
    return await session.scalar(changed) is not None


async def traffic(session: AsyncSession, institution: str) -> Mapping[str, Traffic]:
    """The counts of each destination that has deliveries, by its name; today is the day (UTC) of PostgreSQL's clock."""
    rows = await session.execute(_counts(institution))
    return {row[0]: Traffic(*row[1:]) for row in rows}


def _counts(institution: str) -> Select[str, int, int, int, int, int, datetime]:
    state, sent = DeliveryRow.state, (DeliveryState.SENT, DeliveryState.COMMITTED)
    today = func.date_trunc("day", func.now(), "UTC")
    waiting = state == DeliveryState.WAITING
    return (
        select(
            DeliveryRow.destination,
            func.count().filter(waiting),
            func.count().filter(state == DeliveryState.SENDING),
            func.count().filter(state.in_(sent), DeliveryRow.sent_at >= today),
            func.count().filter(state == DeliveryState.SENT, DeliveryRow.commitment_due_at.is_not(None)),
            func.count().filter(state == DeliveryState.FAILED),
            func.min(DeliveryRow.created_at).filter(waiting),
        )
        .where(DeliveryRow.institution == institution)
        .group_by(DeliveryRow.destination)
    )
