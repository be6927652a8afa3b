"""The HTTP calls of analyses: bulk requests, /analysis, /analyses, and the events of the newest one.

`analyze` has the request for one scan.
"""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.analyses.api.analyze import Analyze, Runner, add_analyze
from gateway.analyses.api.shapes import (
    Analysis,
    AnalysisList,
    AnalysisWithAttempts,
    BulkAnalysisRequest,
    BulkAnalysisResponse,
)
from gateway.analyses.requests import Analyses, AnalysisStatus
from gateway.errors import NotFound
from gateway.http.authorization import Context, authentication_of, is_still_signed_in, requires
from gateway.http.concurrency_limit import STREAM_LIMIT
from gateway.http.documented_errors import problem
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.reports.stored_reports import Reports

RECONNECT_MS: Final = 2000
LOGIN_CHECK_S: Final = 2.0  # `watch` yields every three seconds, whether something has changed or not

Reader = Annotated[Principal, requires(Scope.SCANS_READ)]
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    404: problem("No such scan: not_found; or never analysed: no_analysis")
}


def analyses_router(analyses: Analyses, reports: Reports, wait_s: float) -> APIRouter:
    """The resource `analysis` of a scan; `wait_s` is the default wait for the end of an analysis."""
    router = APIRouter(prefix="/api/scans", tags=["analyses"], responses=PROBLEMS)
    _add_requests(router, analyses)
    add_analyze(router, Analyze(analyses, reports, wait_s))
    _add_reads(router, analyses)
    return router


def _add_requests(router: APIRouter, analyses: Analyses) -> None:
    @router.post("/analyze", status_code=202, summary="Analyse several scans")
    async def analyze_all(
        call: Request, principal: Runner, context: Context, request: BulkAnalysisRequest
    ) -> BulkAnalysisResponse:
        answers = await analyses.request_all(principal, context, request.ids, urgent=request.urgent)
        if unknown := [str(scan_id) for scan_id, answer in answers if isinstance(answer, NotFound)]:
            await authentication_of(call).record_not_found(principal, context, call.method, "scan", unknown)
        return BulkAnalysisResponse.of(answers)

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
        dependencies=[STREAM_LIMIT],
    )
    async def events(request: Request, principal: Reader, status: Newest) -> AsyncIterator[ServerSentEvent]:
        """Server-sent events `analysis`, the first one at once; the stream ends with the analysis or with the login."""
        sent: Analysis | None = None
        checked_s = monotonic()
        async for now in analyses.watch(principal, status):
            if monotonic() - checked_s > LOGIN_CHECK_S:
                if not await is_still_signed_in(request):
                    return
                checked_s = monotonic()
            if (analysis := Analysis.of(now)) != sent:
                sent = analysis
                yield ServerSentEvent(event="analysis", data=analysis, retry=RECONNECT_MS)
