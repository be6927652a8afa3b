"""GET /api/model-card: what the weights are, how they were judged, and every number that decides a verdict."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from gateway.http.authorization import SIGNED_IN
from gateway.screening.active_networks import Networks


def model_card_router(networks: Networks) -> APIRouter:
    """The card of the networks that are in force, as it stood when they were loaded."""
    router = APIRouter(tags=["models"])

    @router.get("/api/model-card", summary="The card of the weights that are served", dependencies=[SIGNED_IN])
    async def model_card() -> Mapping[str, Any]:
        return networks.now.told

    return router
