"""GET and PUT /api/operating-point: every principal reads it, an admin chooses it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.http.authorization import Context, CurrentPrincipal, requires
from gateway.http.documented_errors import problems
from gateway.http.etag import ExpectedVersions, etag_of
from gateway.http.text_validation import LineText
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.screening.active_networks import ActiveNetworks
from gateway.screening.card_in_force import CardsInForce
from gateway.screening.operating_point import ActiveOperatingPoint, OperatingPoints
from screening.results.model_card import ModelCard


class OperatingPointChoice(BaseModel):
    """One of the model card's operating points, and the version of the card whose figures were seen."""

    name: LineText
    model_card: LineText


class OperatingPointResponse(BaseModel):
    """The active operating point of new analyses. `version` is 0 until one is chosen."""

    name: str
    threshold: float
    model_card: str
    chosen: bool
    version: int
    updated_at: datetime | None
    updated_by: str | None


def operating_point_router(points: OperatingPoints, networks: ActiveNetworks, in_force: CardsInForce) -> APIRouter:
    """The resource `operating-point`."""
    router = APIRouter(prefix="/api/operating-point", tags=["models"])

    @router.get("", summary="The operating point in force")
    async def read(principal: CurrentPrincipal, response: Response) -> OperatingPointResponse:
        card = await card_of(principal)
        return respond(await points.read(principal.institution, card), card, response)

    @router.put("", responses=problems(404, 409, 412), summary="Choose another operating point of the model card")
    async def choose(
        principal: Annotated[Principal, requires(Scope.OPERATION_WRITE)],
        context: Context,
        choice: OperatingPointChoice,
        response: Response,
        expected: ExpectedVersions,
    ) -> OperatingPointResponse:
        card = await card_of(principal)
        chosen = await points.choose(principal, card, choice.name, choice.model_card, expected, context)
        return respond(chosen, card, response)

    async def card_of(principal: Principal) -> ModelCard:
        return (await in_force.read(principal.institution, networks.current.card)).card

    def respond(active: ActiveOperatingPoint, card: ModelCard, response: Response) -> OperatingPointResponse:
        response.headers["ETag"] = etag_of(active.version)
        return OperatingPointResponse(
            name=active.point.name,
            threshold=active.point.threshold,
            model_card=card.version,
            chosen=active.chosen,
            version=active.version,
            updated_at=active.updated_at,
            updated_by=active.updated_by,
        )

    return router
