"""GET /api/model-card: what the weights are, how they were judged, and every number that decides a verdict."""

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from gateway.api.guard import SIGNED_IN


def model_card_router(card: Path) -> APIRouter:
    """The card of the repository that is served, as it stood at the start."""
    router = APIRouter(tags=["models"])
    served: dict[str, Any] = json.loads(card.read_text("utf-8"))

    @router.get("/api/model-card", summary="The card of the weights that are served", dependencies=[SIGNED_IN])
    async def model_card() -> dict[str, Any]:
        return served

    return router
