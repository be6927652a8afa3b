"""GET /healthz, /readyz and /metrics: liveness, readiness, metrics."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.database.connection import Database
from gateway.health.metrics_page import MetricsPage
from gateway.screening.active_networks import ActiveNetworks
from gateway.storage.disk_reserve import DiskReserve

READY: Final = "ready"
RETRY_AFTER_S: Final = "2"  # a server that was killed is back in one or two seconds


class Liveness(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(BaseModel):
    """Whether studies can be screened now; `ensemble` and `database` are "ready" or the reason why not.

    `degraded` says what is refused while everything else works: uploads, when too little disk is free.
    """

    ready: bool
    reason: str | None = None
    ensemble: str
    database: str
    trained: bool
    degraded: str | None = None


def health_router(
    networks: ActiveNetworks,
    database: Database,
    metrics_page: MetricsPage,
    before_scrape: Callable[[], None],
    disk_reserve: DiskReserve,
) -> APIRouter:
    """GET /healthz, /readyz and /metrics; `before_scrape` refreshes what is measured on demand."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The process is alive")
    async def healthz() -> Liveness:
        return Liveness()

    @router.get("/readyz", summary="The ensemble and the database are ready", responses={503: {"model": Readiness}})
    async def readyz(response: Response) -> Readiness:
        async with networks.in_use() as served:
            ensemble, store = await asyncio.gather(served.pipeline.engine.why_not_ready(), database.why_not_ready())
        reason, low = ensemble or store, disk_reserve.low()
        if reason is not None:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE.value
            response.headers["Retry-After"] = RETRY_AFTER_S
        return Readiness(
            ready=reason is None,
            reason=reason,
            ensemble=ensemble or READY,
            database=store or READY,
            trained=served.card.trained,
            degraded=f"uploads are refused: too little disk is free ({', '.join(low)})" if low else None,
        )

    @router.get("/metrics", summary="Prometheus' text format", response_class=Response)
    async def metrics_() -> Response:
        before_scrape()
        return Response(await metrics_page.render(), media_type=metrics_page.content_type)

    return router
