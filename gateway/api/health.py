"""Is the process alive, may it be sent studies, and how does it do."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from gateway.inference.port import Engine
from gateway.metrics import Metrics


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(BaseModel):
    """Whether studies can be screened now."""

    ready: bool
    reason: str | None = None
    trained: bool


def health_router(engine: Engine, metrics: Metrics, trained: bool) -> APIRouter:
    """GET /healthz, /readyz and /metrics."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The process is alive")
    async def healthz() -> Alive:
        return Alive()

    @router.get("/readyz", summary="The ensemble is ready", responses={503: {"model": Readiness}})
    async def readyz(response: Response) -> Readiness:
        reason = await engine.why_not_ready()
        response.status_code = 200 if reason is None else 503
        return Readiness(ready=reason is None, reason=reason, trained=trained)

    @router.get("/metrics", summary="Prometheus' text format", response_class=Response)
    async def metrics_() -> Response:
        return Response(metrics.exposition(), media_type=metrics.content_type)

    return router
