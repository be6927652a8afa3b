"""GET and PUT /api/model-card, GET /api/model-cards: the card in force, and those that an admin can put in force."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.http.authorization import Context, CurrentPrincipal, requires
from gateway.http.documented_errors import problems
from gateway.http.etag import ExpectedVersions, etag_of
from gateway.http.text_validation import LineText
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.screening.active_networks import ActiveNetworks, ServedNetworks
from gateway.screening.card_in_force import CardInForce, CardsInForce
from gateway.screening.site_cards import SiteCard, SiteCards


class ModelCardChoice(BaseModel):
    """The version of a card: one of the site's, or that of the shipped card."""

    version: LineText


class ListedCard(BaseModel):
    """A card that can be put in force.

    `site` holds the figures before and after calibration, null for the shipped card; `usable` is false for a card that
    was calibrated with other networks than those served.
    """

    version: str
    shipped: bool
    in_force: bool
    usable: bool
    site: dict[str, Any] | None
    created_at: datetime | None
    created_by: str | None


class ModelCards(BaseModel):
    """The shipped card and the site's, newest first, and who changed the card in force; `changes` counts that."""

    items: list[ListedCard]
    changes: int
    changed_at: datetime | None
    changed_by: str | None


def model_card_router(networks: ActiveNetworks, in_force: CardsInForce, cards: SiteCards) -> APIRouter:
    """The resources `model-card` and `model-cards`.

    The operating points of a card have null for a figure that was not measured and for an interval over no known
    patients. The answer to a change has `dropped_operating_point`: the point that an admin had chosen for the card
    before, and that no longer holds; null when there was none.
    """
    router = APIRouter(tags=["models"])

    @router.get("/api/model-card", summary="The card in force for new studies")
    async def model_card(principal: CurrentPrincipal) -> Mapping[str, Any]:
        served = networks.current
        return card_json(served, await in_force.read(principal.institution, served.card))

    @router.put("/api/model-card", responses=problems(412, 422), summary="Put another card in force")
    async def choose(
        principal: Annotated[Principal, requires(Scope.OPERATION_WRITE)],
        context: Context,
        choice: ModelCardChoice,
        response: Response,
        expected: ExpectedVersions,
    ) -> Mapping[str, Any]:
        served = networks.current
        chosen = await cards.choose(principal, served.card, choice.version, expected, context)
        response.headers["ETag"] = etag_of(chosen.changes)
        return {**card_json(served, chosen), "dropped_operating_point": chosen.dropped_point}

    @router.get("/api/model-cards", summary="The shipped card, and those calibrated on this site's studies")
    async def model_cards(
        principal: Annotated[Principal, requires(Scope.OPERATION_WRITE)], response: Response
    ) -> ModelCards:
        served = networks.current
        chosen, found = await cards.all(principal.institution, served.card)
        response.headers["ETag"] = etag_of(chosen.changes)
        version = chosen.card.version
        return ModelCards(
            items=[_shipped(served, version), *[_listed(card, version) for card in found]],
            changes=chosen.changes,
            changed_at=chosen.changed_at,
            changed_by=chosen.changed_by,
        )

    return router


def card_json(served: ServedNetworks, chosen: CardInForce) -> Mapping[str, Any]:
    """The whole card, its operating points with every field."""
    points = {name: asdict(point) for name, point in chosen.card.operating_points.items()}
    return {**(chosen.site_json or served.card_json), "operating_points": points}


def _shipped(served: ServedNetworks, in_force: str) -> ListedCard:
    version = served.card.version
    return ListedCard(
        version=version,
        shipped=True,
        in_force=version == in_force,
        usable=True,
        site=None,
        created_at=None,
        created_by=None,
    )


def _listed(one: SiteCard, in_force: str) -> ListedCard:
    return ListedCard(
        version=one.version,
        shipped=False,
        in_force=one.version == in_force,
        usable=one.usable,
        site=one.card["site"],
        created_at=one.created_at,
        created_by=one.created_by,
    )
