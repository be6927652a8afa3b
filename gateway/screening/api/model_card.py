"""GET /api/model-card: the weights, their evaluation, and every number that decides a verdict."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from gateway.http.authorization import SIGNED_IN
from gateway.screening.active_networks import ActiveNetworks


def model_card_router(networks: ActiveNetworks) -> APIRouter:
    """The model card of the active networks, as it was when they were loaded.

    Its operating points have null for a figure that was not measured and for an interval over no known patients.
    """
    router = APIRouter(tags=["models"])

    @router.get("/api/model-card", summary="The card of the weights that are served", dependencies=[SIGNED_IN])
    async def model_card() -> Mapping[str, Any]:
        served = networks.current
        points = {name: asdict(point) for name, point in served.card.operating_points.items()}
        return {**served.card_json, "operating_points": points}

    return router
