"""Analyses of scans: /api/scans/{id}/analyze, /analysis, /analyses, and the events of the newest one."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.analyses.api.shapes import Analysed, Analysis, Bulk, BulkAnswer, WithAttempts
from gateway.analyses.requests import Analyses, Seen
from gateway.http.authorization import Context, requires
from gateway.http.documented_errors import problem
from gateway.permissions import Scope
from gateway.principal import Principal

LONGEST_WAIT_S: Final = 300
COME_BACK_MS: Final = 2000

Runner = Annotated[Principal, requires(Scope.ANALYSES_RUN)]
Reader = Annotated[Principal, requires(Scope.SCANS_READ)]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False, description="Seconds to wait for its end.")]
ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": Analysis, "description": "It waits or runs; ask again, or follow its events"}
}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    404: problem("No such scan: not_found; or never analysed: no_analysis")
}


def analyses_router(analyses: Analyses) -> APIRouter:
    """The resource `analysis` of a scan."""
    router = APIRouter(prefix="/api/scans", tags=["analyses"], responses=PROBLEMS)
    _add_requests(router, analyses)
    _add_views(router, analyses)
    return router


def _add_requests(router: APIRouter, analyses: Analyses) -> None:
    @router.post("/analyze", status_code=202, summary="Analyse several scans")
    async def analyze_all(principal: Runner, context: Context, wanted: Bulk) -> BulkAnswer:
        return BulkAnswer.of(await analyses.request_all(principal, context, wanted.ids, urgent=wanted.urgent))

    @router.post("/{scan_id}/analyze", summary="Analyse a scan", responses=ACCEPTED)
    async def analyze(
        response: Response, principal: Runner, context: Context, scan_id: UUID, wait: Wait = 0.0, urgent: bool = False
    ) -> Analysis:
        """Answers at once, or when the analysis has ended, at most after `wait` seconds; an unfinished one goes on."""
        seen = await analyses.request(principal, context, scan_id, urgent=urgent)
        if wait and not seen.is_final:
            seen = await analyses.ended(principal, seen, wait)
        response.status_code = (HTTPStatus.OK if seen.is_final else HTTPStatus.ACCEPTED).value
        return Analysis.of(seen)

    @router.delete("/{scan_id}/analysis", summary="Cancel the newest analysis")
    async def cancel(principal: Runner, context: Context, scan_id: UUID) -> Analysis:
        """One that waits is cancelled at once, one that runs within a moment; one that has ended stays as it is."""
        return Analysis.of(await analyses.cancel(principal, context, scan_id))


def _add_views(router: APIRouter, analyses: Analyses) -> None:
    async def newest(principal: Reader, scan_id: UUID) -> Seen:
        return await analyses.newest(principal, scan_id)

    Newest = Annotated[Seen, Depends(newest)]  # noqa: N806 - a type

    @router.get("/{scan_id}/analysis", summary="The newest analysis")
    async def analysis(seen: Newest) -> Analysis:
        return Analysis.of(seen)

    @router.get("/{scan_id}/analyses", summary="All analyses and the attempts at them")
    async def all_of_them(principal: Reader, scan_id: UUID) -> Analysed:
        found = await analyses.all(principal, scan_id)
        return Analysed(items=[WithAttempts.made_of(seen, attempts) for seen, attempts in found])

    @router.get("/{scan_id}/analysis/events", summary="Its changes, as they come", response_class=EventSourceResponse)
    async def events(principal: Reader, seen: Newest) -> AsyncIterator[ServerSentEvent]:
        """Server-sent events `analysis`, the first one at once; the stream ends with the analysis."""
        told: Analysis | None = None
        async for now in analyses.watch(principal, seen):
            if (analysis := Analysis.of(now)) != told:
                told = analysis
                yield ServerSentEvent(event="analysis", data=analysis, retry=COME_BACK_MS)
