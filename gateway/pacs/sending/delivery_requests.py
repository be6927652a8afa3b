"""Deliveries as people see them: listed, and sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gateway.audit import audit_log
from gateway.audit.audit_log import Action
from gateway.database.connection import AsyncSession, Database
from gateway.database.paging import PageRange
from gateway.database.tables import DeliveryRow
from gateway.errors import NoReport, NotFound
from gateway.pacs.sending.store import deliveries, destinations
from gateway.pacs.sending.store.deliveries import DeliveryFilter
from gateway.principal import Principal, RequestContext
from gateway.records.store import scans

DELIVERY: Final = "delivery"


@dataclass(frozen=True)
class DeliveryRequests:
    """The deliveries of the principal's institution."""

    database: Database

    async def page(self, criteria: DeliveryFilter, part: PageRange) -> tuple[Sequence[DeliveryRow], int]:
        """Deliveries, newest first, and their total number."""
        async with self.database.transaction() as session:
            return await deliveries.page(session, criteria, part)

    async def find(self, principal: Principal, delivery_id: UUID) -> DeliveryRow:
        """The delivery as it is now; raises NotFound."""
        async with self.database.transaction() as session:
            row = await deliveries.find(session, principal.institution, delivery_id)
        if row is None:
            raise NotFound("there is no such delivery")
        return row

    async def send_again(self, principal: Principal, context: RequestContext | None, delivery_id: UUID) -> DeliveryRow:
        """Send it once more, whatever became of it; raises NotFound. The archive gets the same objects."""
        async with self.database.transaction() as session:
            row = await deliveries.find(session, principal.institution, delivery_id)
            if row is None:
                raise NotFound("there is no such delivery")
            await destinations.try_now(session, principal.institution, row.destination)
            row = await deliveries.send_again(session, principal.institution, delivery_id)
            if row is None:
                raise NotFound("the delivery was deleted with its scan")
            await self._record(session, principal, context, row)
        return row

    async def send(
        self, principal: Principal, context: RequestContext | None, scan_id: UUID, destination: str
    ) -> DeliveryRow:
        """Send a scan's newest report to a destination, also when it was sent before; raises NotFound and NoReport."""
        async with self.database.transaction() as session:
            if await destinations.named(session, principal.institution, destination) is None:
                raise NotFound("there is no destination of this name")
            if not await scans.exists(session, principal.institution, scan_id):
                raise NotFound("there is no such scan")
            await destinations.try_now(session, principal.institution, destination)
            row = await deliveries.request(session, principal.institution, scan_id, destination)
            if row is None:
                raise NoReport("there is no report yet; an analysis of the scan makes one")
            await self._record(session, principal, context, row)
        return row

    async def _record(
        self, session: AsyncSession, principal: Principal, context: RequestContext | None, row: DeliveryRow
    ) -> None:
        detail = {"scan": str(row.scan_id), "destination": row.destination}
        await audit_log.record(session, principal, Action.EXECUTE, DELIVERY, row.id, context, detail)
