"""The HTTP calls of feedback: /api/scans/{id}/feedback and /api/feedback."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, model_validator

from gateway.database.paging import PageRange
from gateway.http.authorization import LIST_RATE_LIMIT, Context, CurrentPrincipal, requires
from gateway.http.concurrency_limit import limits_of
from gateway.http.documented_errors import problems
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import MultilineText
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.reports.feedback import Feedback, NewFeedback, visible_fields
from screening.contract import FINDINGS

Reader = Annotated[Principal, requires(Scope.FEEDBACK_READ)]
Radiologist = Annotated[Principal, requires(Scope.FEEDBACK_WRITE)]
Kind = Annotated[Literal["json", "csv"], Query(alias="format")]
CSV: Final = "text/csv"
TABLE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}


class FeedbackInput(BaseModel):
    """Agreement, or disagreement with the finding that is right instead."""

    agrees: bool
    finding: str | None = Field(None, description="One of the 16, when another finding is the right one.")
    comment: MultilineText | None = None

    @model_validator(mode="after")
    def _finding_is_known(self) -> "FeedbackInput":
        if self.finding is not None and self.finding not in FINDINGS:
            raise ValueError(f"finding is one of: {', '.join(FINDINGS)}")
        return self


class FeedbackResponse(BaseModel):
    """A user's feedback on one version of a report. `comment` and `given_by` are null for who may not see names."""

    model_config = {"protected_namespaces": ()}

    id: UUID
    scan_id: UUID
    report_id: UUID
    analysis_id: UUID
    report_version: int
    model_card: str | None
    verdict: Literal["normal", "pathology", "not_analysed"]
    probability: float | None
    reported_finding: str | None
    agrees: bool
    finding: str | None
    comment: str | None
    given_by: str | None
    created_at: datetime


async def _limit_exports(request: Request, principal: CurrentPrincipal, kind: Kind = "json") -> AsyncIterator[None]:
    """Hold a place among the exports while a table of all feedback is sent."""
    with limits_of(request).exports.hold(principal) if kind == "csv" else nullcontext():
        yield


def feedback_router(feedback: Feedback) -> APIRouter:
    """The resource `feedback`."""
    router = APIRouter(prefix="/api", tags=["feedback"])

    @router.post("/scans/{scan_id}/feedback", responses=problems(404), summary="Agree or disagree with the report")
    async def give(
        principal: Radiologist, context: Context, scan_id: UUID, feedback_input: FeedbackInput
    ) -> FeedbackResponse:
        """One feedback for each user and report: a second one replaces the first."""
        given = NewFeedback(feedback_input.agrees, feedback_input.finding, feedback_input.comment or None)
        return FeedbackResponse(**visible_fields(await feedback.give(principal, scan_id, given, context), principal))

    @router.get("/scans/{scan_id}/feedback", responses=problems(404), summary="The own feedback on the newest report")
    async def own(principal: Reader, context: Context, scan_id: UUID) -> FeedbackResponse:
        return FeedbackResponse(**visible_fields(await feedback.own(principal, scan_id, context), principal))

    @router.get(
        "/feedback",
        summary="Feedback of the institution, newest first",
        response_model=Page[FeedbackResponse],
        responses=TABLE,
        dependencies=[LIST_RATE_LIMIT, Depends(_limit_exports)],
    )
    async def page(
        principal: Reader,
        context: Context,
        agrees: bool | None = None,
        kind: Kind = "json",
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Any:
        """A page as JSON, or all feedback as CSV; `agrees=false` returns only disagreements."""
        if kind == "csv":
            headers = {"Content-Disposition": 'attachment; filename="feedback.csv"'}
            return StreamingResponse(feedback.as_csv(principal, agrees, context), media_type=CSV, headers=headers)
        entries, total = await feedback.page(principal, agrees, PageRange(limit, offset), context)
        items = [FeedbackResponse(**visible_fields(entry, principal)) for entry in entries]
        return Page(items=items, total=total, limit=limit, offset=offset)

    return router
