"""What waits, over all institutions: for the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import DeliveryRow, DestinationRow
from gateway.database.tables.deliveries import DeliveryState

SHOWN: Final = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.FAILED)  # `sent` grows for ever


@dataclass(frozen=True)
class WaitingCounts:
    """Deliveries by state; seconds since the oldest unsent one was planned, 0 without one; destinations down."""

    by_state: Mapping[str, int]
    oldest_s: float
    destinations_down: int


async def counts(session: AsyncSession) -> WaitingCounts:
    """The counts now; results for a destination that is switched off wait too, and do not age."""
    by_state = select(DeliveryRow.state, func.count()).where(DeliveryRow.state.in_(SHOWN)).group_by(DeliveryRow.state)
    found = {row[0]: row[1] for row in await session.execute(by_state)}
    there = (DestinationRow.institution == DeliveryRow.institution, DestinationRow.name == DeliveryRow.destination)
    oldest = (
        select(func.extract("epoch", func.now() - func.min(DeliveryRow.created_at)))
        .join(DestinationRow, there[0] & there[1])
        .where(DeliveryRow.state.in_(SHOWN[:2]), DestinationRow.enabled)
    )
    down = select(func.count()).select_from(DestinationRow).where(DestinationRow.down_since.is_not(None))
    return WaitingCounts(
        {state.value: found.get(state, 0) for state in SHOWN},
        float(await session.scalar(oldest) or 0.0),
        await session.scalar(down.where(DestinationRow.enabled)) or 0,
    )
