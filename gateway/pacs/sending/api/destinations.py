"""/api/destinations: where results go, with the state of each; for admins."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from gateway.http.authorization import Context, requires
from gateway.http.documented_errors import Problems, problem, problems
from gateway.pacs.sending.api.shapes import Destination, DestinationList, DestinationSettings, EchoResult
from gateway.pacs.sending.connection_test import ConnectionTest
from gateway.pacs.sending.destinations import Destinations
from gateway.pacs.sending.store.destinations import Traffic
from gateway.permissions import Scope
from gateway.principal import Principal

Admin = Annotated[Principal, requires(Scope.OPERATION_WRITE)]
TAKEN: Problems = {409: problem("A destination of this name exists: destination_exists")}


def destinations_router(destinations: Destinations, connection_test: ConnectionTest) -> APIRouter:
    """The resource `destinations`."""
    router = APIRouter(prefix="/api/destinations", tags=["destinations"])

    @router.get("", summary="Destinations of results, with what waits, was sent and failed")
    async def all_destinations(principal: Admin) -> DestinationList:
        return DestinationList(items=[Destination.of(*one) for one in await destinations.all(principal)])

    @router.post("", status_code=201, responses=TAKEN, summary="Add a destination")
    async def create(principal: Admin, context: Context, new: DestinationSettings) -> Destination:
        return Destination.of(await destinations.create(principal, context, new.as_values()), Traffic())

    @router.put("/{destination_id}", responses=problems(404), summary="Change a destination")
    async def change(principal: Admin, context: Context, destination_id: UUID, new: DestinationSettings) -> Destination:
        """It is tried again at once. Its name cannot change."""
        await destinations.change(principal, context, destination_id, new.as_values())
        found = await destinations.all(principal)
        return next(Destination.of(*one) for one in found if one[0].id == destination_id)

    @router.delete("/{destination_id}", status_code=204, responses=problems(404), summary="Delete a destination")
    async def delete(principal: Admin, context: Context, destination_id: UUID) -> None:
        """What still waits for it fails with `destination_deleted`, and can be sent again to a new one of this name."""
        await destinations.delete(principal, context, destination_id)

    @router.post("/{destination_id}/echo", responses=problems(404), summary="Test the connection to a destination")
    async def echo(principal: Admin, context: Context, destination_id: UUID) -> EchoResult:
        """C-ECHO, or for `stow` a QIDO-RS query of one study. No result is sent."""
        row = await destinations.find(principal, destination_id)
        await destinations.record_test(principal, context, row)
        reason, seconds = await connection_test.run(row)
        if reason is None:
            return EchoResult(ok=True, seconds=seconds)
        return EchoResult(ok=False, seconds=seconds, error=reason.code, detail=reason.detail)

    return router
