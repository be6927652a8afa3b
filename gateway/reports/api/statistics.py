"""GET /api/statistics: what an institution screened."""

from typing import Annotated

from fastapi import APIRouter, Query

from gateway.database.connection import Database
from gateway.http.authorization import requires
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.reports.statistics import Statistics, over_hours

Hours = Annotated[int, Query(ge=1, le=24 * 31, description="Hours to look back, the current one included.")]


def statistics_router(database: Database) -> APIRouter:
    """The resource `statistics`."""
    router = APIRouter(tags=["numbers"])

    @router.get("/api/statistics", summary="What was screened, how long it took, and who agreed")
    async def numbers(principal: Annotated[Principal, requires(Scope.REPORTS_READ)], hours: Hours = 24) -> Statistics:
        return await over_hours(database, principal.institution, hours)

    return router
