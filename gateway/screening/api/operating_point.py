"""The operating point in force: read by everybody who is signed in, chosen by an admin."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.http.authorization import Context, CurrentPrincipal, requires
from gateway.http.documented_errors import problems
from gateway.http.etag import Expected, tag_of
from gateway.http.text_validation import Line
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.screening.active_networks import Networks
from gateway.screening.operating_point import InForce, OperatingPoints
from screening.model_card import ModelCard


class Choice(BaseModel):
    """One of the model card's operating points, and the card whose figures were looked at."""

    name: Line
    model_card: Line


class Chosen(BaseModel):
    """The point in force for analyses to come. `version` is 0 where nobody chose."""

    name: str
    threshold: float
    model_card: str
    chosen: bool
    version: int
    updated_at: datetime | None
    updated_by: str | None


def operating_point_router(points: OperatingPoints, networks: Networks) -> APIRouter:
    """The resource `operating-point`."""
    router = APIRouter(prefix="/api/operating-point", tags=["models"])

    @router.get("", summary="The operating point in force")
    async def read(principal: CurrentPrincipal, response: Response) -> Chosen:
        card = networks.now.card
        return told(await points.read(principal.institution, card), card, response)

    @router.put("", responses=problems(404, 409, 412), summary="Choose another operating point of the model card")
    async def choose(
        principal: Annotated[Principal, requires(Scope.OPERATION_WRITE)],
        context: Context,
        choice: Choice,
        response: Response,
        seen: Expected,
    ) -> Chosen:
        card = networks.now.card
        chosen = await points.choose(principal, card, choice.name, choice.model_card, seen, context)
        return told(chosen, card, response)

    def told(force: InForce, card: ModelCard, response: Response) -> Chosen:
        response.headers["ETag"] = tag_of(force.version)
        return Chosen(
            name=force.point.name,
            threshold=force.point.threshold,
            model_card=card.version,
            chosen=force.chosen,
            version=force.version,
            updated_at=force.updated_at,
            updated_by=force.updated_by,
        )

    return router
