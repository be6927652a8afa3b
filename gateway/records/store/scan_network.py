"""Where scans came from on the hospital's network, and whether their results went out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import DeliveryRow, ScanOriginRow, ScanRow
from gateway.database.tables.deliveries import DeliveryState
from gateway.database.tables.scan_origins import Source


class Delivered(StrEnum):
    """Whether the result of the newest analysis went to all its destinations; the first one that holds."""

    FAILED = "failed"
    WAITING = "waiting"
    SENT = "sent"


OF_STATE: Final = {
    DeliveryState.FAILED: Delivered.FAILED,
    DeliveryState.WAITING: Delivered.WAITING,
    DeliveryState.SENDING: Delivered.WAITING,
    DeliveryState.SENT: Delivered.SENT,
    DeliveryState.COMMITTED: Delivered.SENT,
}


@dataclass(frozen=True)
class ScanNetwork:
    """`source` and `sender` are None for an upload, `delivered` for a result that goes nowhere."""

    source: Source | None = None
    sender: str | None = None
    delivered: Delivered | None = None


async def network_of(session: AsyncSession, scans: Sequence[ScanRow]) -> Mapping[UUID, ScanNetwork]:
    """By scan id, those that came from the network or whose result goes somewhere."""
    ids = [scan.id for scan in scans]
    if not ids:
        return {}
    own = select(ScanOriginRow.scan_id, ScanOriginRow.source, ScanOriginRow.sender)
    origins = await session.execute(own.where(ScanOriginRow.scan_id.in_(ids)))
    network = {scan_id: ScanNetwork(source, sender) for scan_id, source, sender in origins}
    for scan_id, delivered in (await _delivered(session, ids)).items():
        known = network.get(scan_id, ScanNetwork())
        network[scan_id] = ScanNetwork(known.source, known.sender, delivered)
    return network


async def _delivered(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, Delivered]:
    states: dict[UUID, set[Delivered]] = {}
    newest = (
        select(DeliveryRow.scan_id, DeliveryRow.state)
        .join(ScanRow, ScanRow.analysis_id == DeliveryRow.analysis_id)
        .where(DeliveryRow.scan_id.in_(ids))
        .distinct()
    )
    for scan_id, state in await session.execute(newest):
        states.setdefault(scan_id, set()).add(OF_STATE[DeliveryState(state)])
    return {scan_id: next(one for one in Delivered if one in found) for scan_id, found in states.items()}
