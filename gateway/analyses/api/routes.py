"""The HTTP calls of analyses: /api/scans/{id}/analyze, /analysis, /analyses, and the events of the newest one."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.analyses.api.shapes import (
    Analysis,
    AnalysisList,
    AnalysisWithAttempts,
    BulkAnalysisRequest,
    BulkAnalysisResponse,
)
from gateway.analyses.requests import Analyses, AnalysisStatus
from gateway.http.authorization import Context, requires
from gateway.http.documented_errors import problem
from gateway.permissions import Scope
from gateway.principal import Principal

MAX_WAIT_S: Final = 300
RECONNECT_MS: Final = 2000

Runner = Annotated[Principal, requires(Scope.ANALYSES_RUN)]
Reader = Annotated[Principal, requires(Scope.SCANS_READ)]
Wait = Annotated[float, Query(ge=0, le=MAX_WAIT_S, allow_inf_nan=False, description="Seconds to wait for its end.")]
ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": Analysis, "description": "It is queued or running: poll it, or follow its events"}
}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    404: problem("No such scan: not_found; or never analysed: no_analysis")
}


def analyses_router(analyses: Analyses) -> APIRouter:
    """The resource `analysis` of a scan."""
    router = APIRouter(prefix="/api/scans", tags=["analyses"], responses=PROBLEMS)
    _add_requests(router, analyses)
    _add_reads(router, analyses)
    return router


def _add_requests(router: APIRouter, analyses: Analyses) -> None:
    @router.post("/analyze", status_code=202, summary="Analyse several scans")
    async def analyze_all(principal: Runner, context: Context, request: BulkAnalysisRequest) -> BulkAnalysisResponse:
        return BulkAnalysisResponse.of(
            await analyses.request_all(principal, context, request.ids, urgent=request.urgent)
        )

    @router.post("/{scan_id}/analyze", summary="Analyse a scan", responses=ACCEPTED)
    async def analyze(
        response: Response, principal: Runner, context: Context, scan_id: UUID, wait: Wait = 0.0, urgent: bool = False
    ) -> Analysis:
        """Answers at once, or when the analysis has ended, at most after `wait` seconds; an unfinished one goes on."""
        status = await analyses.request(principal, context, scan_id, urgent=urgent)
        if wait and not status.is_final:
            status = await analyses.wait_until_ended(principal, status, wait)
        response.status_code = (HTTPStatus.OK if status.is_final else HTTPStatus.ACCEPTED).value
        return Analysis.of(status)

    @router.delete("/{scan_id}/analysis", summary="Cancel the newest analysis")
    async def cancel(principal: Runner, context: Context, scan_id: UUID) -> Analysis:
        """A queued analysis is cancelled at once, a running one within seconds; an ended one does not change."""
        return Analysis.of(await analyses.cancel(principal, context, scan_id))


def _add_reads(router: APIRouter, analyses: Analyses) -> None:
    async def newest(principal: Reader, scan_id: UUID) -> AnalysisStatus:
        return await analyses.newest(principal, scan_id)

    Newest = Annotated[AnalysisStatus, Depends(newest)]  # noqa: N806 - a type

    @router.get("/{scan_id}/analysis", summary="The newest analysis")
    async def analysis(status: Newest) -> Analysis:
        return Analysis.of(status)

    @router.get("/{scan_id}/analyses", summary="All analyses and the attempts at them")
    async def all_analyses(principal: Reader, scan_id: UUID) -> AnalysisList:
        found = await analyses.all(principal, scan_id)
        return AnalysisList(items=[AnalysisWithAttempts.with_attempts(status, attempts) for status, attempts in found])

    @router.get(
        "/{scan_id}/analysis/events",
        summary="Changes of the newest analysis, as server-sent events",
        response_class=EventSourceResponse,
    )
    async def events(principal: Reader, status: Newest) -> AsyncIterator[ServerSentEvent]:
        """Server-sent events `analysis`, the first one at once; the stream ends with the analysis."""
        sent: Analysis | None = None
        async for now in analyses.watch(principal, status):
            if (analysis := Analysis.of(now)) != sent:
                sent = analysis
                yield ServerSentEvent(event="analysis", data=analysis, retry=RECONNECT_MS)
