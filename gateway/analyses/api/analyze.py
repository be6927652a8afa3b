"""POST /api/scans/{id}/analyze: waits for the end of the analysis, unless the client wants an answer at once."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from gateway.analyses.api.ended_analysis import EndedAnalysis
from gateway.analyses.api.shapes import Analysis
from gateway.analyses.requests import Analyses, AnalysisStatus
from gateway.analyses.store.states import CANCELLED
from gateway.errors import NotSignedIn
from gateway.http.authorization import Context, is_still_signed_in, requires
from gateway.http.disconnect import cancel_on_disconnect
from gateway.http.prefer import Wait, preferred_wait
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.reports.stored_reports import Format, Reports

MAX_WAIT_S: Final = 300.0
ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": Analysis, "description": "It is queued or running: read `analysis`, or follow its events"}
}
Runner = Annotated[Principal, requires(Scope.ANALYSES_RUN)]
WaitQuery = Annotated[
    float | None, Query(ge=0, le=MAX_WAIT_S, allow_inf_nan=False, description="Seconds to wait for its end; 0 for 202.")
]
PreferHeader = Annotated[
    list[str] | None, Header(alias="Prefer", description="`respond-async` answers at once with 202 (RFC 7240).")
]


@dataclass(frozen=True)
class Analyze:
    """Requests an analysis and answers with its outcome, when it ends within the wait (by default `wait_s`)."""

    analyses: Analyses
    reports: Reports
    wait_s: float

    async def answer(
        self,
        request: Request,
        principal: Principal,
        context: RequestContext,
        scan_id: UUID,
        wait: Wait,
        *,
        urgent: bool,
    ) -> Response | EndedAnalysis:
        """The ended analysis, or 202. A client that disconnects ends the wait; the analysis goes on."""
        status = await self.analyses.request(principal, context, scan_id, urgent=urgent)
        # The outcome is a report: without its scope nobody waits for it.
        if wait.seconds and principal.has_scope(Scope.REPORTS_READ):
            await request.body()  # as `cancel_on_disconnect` requires
            status = await cancel_on_disconnect(
                request, self.analyses.wait_until_ended(principal, status, wait.seconds)
            )
            if status.is_final:
                if not await is_still_signed_in(request):
                    raise NotSignedIn("the login was revoked or has expired while the analysis ran")
                return await self._ended(principal, context, status)
        return _accepted(status)

    def wait(self, seconds: float | None, prefer: list[str]) -> Wait:
        """The wait of the query parameter, else of the header Prefer, else of the setting."""
        return preferred_wait(prefer, self.wait_s, MAX_WAIT_S) if seconds is None else Wait(seconds)

    async def _ended(self, principal: Principal, context: RequestContext, status: AnalysisStatus) -> EndedAnalysis:
        row = status.row
        if row.state == CANCELLED:
            return EndedAnalysis.of_report(status, None)
        report = await self.reports.read(principal, context, row.scan_id, row.id, Format.JSON)
        return EndedAnalysis.of_report(status, report)


def add_analyze(router: APIRouter, analyze: Analyze) -> None:
    """Add the call to the router of analyses."""

    @router.post(
        "/{scan_id}/analyze",
        summary="Analyse a scan",
        response_model=EndedAnalysis,
        response_model_exclude_unset=True,
        responses=ACCEPTED,
    )
    async def analyze_scan(
        request: Request,
        response: Response,
        principal: Runner,
        context: Context,
        scan_id: UUID,
        wait: WaitQuery = None,
        urgent: bool = False,
        prefer: PreferHeader = None,
    ) -> Response | EndedAnalysis:
        """Answers when the analysis has ended: 200 with `ok`, `has_pathology_any` and `summary`.

        With `Prefer: respond-async` or `wait=0`, or when it takes longer, the answer is 202, and the analysis goes on.
        """
        wanted = analyze.wait(wait, prefer or [])
        answer = await analyze.answer(request, principal, context, scan_id, wanted, urgent=urgent)
        if wanted.applied is not None:
            headers = answer.headers if isinstance(answer, Response) else response.headers
            headers["Preference-Applied"] = wanted.applied
        return answer


def _accepted(status: AnalysisStatus) -> Response:
    location = {"Location": f"/api/scans/{status.row.scan_id}/analysis"}
    return JSONResponse(Analysis.of(status).model_dump(mode="json"), HTTPStatus.ACCEPTED.value, location)
