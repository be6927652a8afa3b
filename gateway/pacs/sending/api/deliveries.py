"""/api/deliveries: which result went where, what waits, what failed and why; sent again by an admin."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from gateway.database.paging import PageRange
from gateway.database.tables.deliveries import DeliveryState
from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.documented_errors import problems
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import LineText
from gateway.pacs.sending.api.shapes import Delivery
from gateway.pacs.sending.delivery_requests import DeliveryRequests
from gateway.pacs.sending.store.deliveries import DeliveryFilter
from gateway.permissions import Scope
from gateway.principal import Principal

Reader = Annotated[Principal, requires(Scope.REPORTS_READ)]
Admin = Annotated[Principal, requires(Scope.OPERATION_WRITE)]


def deliveries_router(requests: DeliveryRequests) -> APIRouter:
    """The resource `deliveries`."""
    router = APIRouter(prefix="/api/deliveries", tags=["destinations"])

    @router.get("", dependencies=[LIST_RATE_LIMIT], summary="Deliveries of results, newest first")
    async def page(
        principal: Reader,
        scan: Annotated[UUID | None, Query(description="Of this scan.")] = None,
        destination: Annotated[LineText | None, Query(description="To the destination of this name.")] = None,
        state: DeliveryState | None = None,
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Page[Delivery]:
        criteria = DeliveryFilter(principal.institution, scan, destination, state)
        rows, total = await requests.page(criteria, PageRange(limit, offset))
        items = [Delivery.model_validate(row) for row in rows]
        return Page(items=items, total=total, limit=limit, offset=offset)

    @router.post("/{delivery_id}/send-again", responses=problems(404), summary="Send a result again")
    async def send_again(principal: Admin, context: Context, delivery_id: UUID) -> Delivery:
        """The archive gets the same objects under the same UIDs; one that is being sent goes on."""
        return Delivery.model_validate(await requests.send_again(principal, context, delivery_id))

    return router
