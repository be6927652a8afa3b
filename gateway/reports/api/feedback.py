"""Whether radiologists agree with reports: /api/scans/{id}/feedback and /api/feedback."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, model_validator

from gateway.database.paging import Window
from gateway.http.authorization import Context, requires
from gateway.http.documented_errors import problems
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import Comment
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.reports.feedback import Feedback, Said, as_told
from screening.contract import FINDINGS

Reader = Annotated[Principal, requires(Scope.FEEDBACK_READ)]
Radiologist = Annotated[Principal, requires(Scope.FEEDBACK_WRITE)]
CSV: Final = "text/csv"
TABLE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}


class ToSay(BaseModel):
    """Agree, or disagree and say what should have been found."""

    agrees: bool
    finding: str | None = Field(None, description="One of the 16, when another finding is the right one.")
    comment: Comment | None = None

    @model_validator(mode="after")
    def _a_finding_that_there_is(self) -> "ToSay":
        if self.finding is not None and self.finding not in FINDINGS:
            raise ValueError(f"finding is one of: {', '.join(FINDINGS)}")
        return self


class Opinion(BaseModel):
    """What somebody said of one version of a report. Comments and givers are for those who may see names."""

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


def feedback_router(feedback: Feedback) -> APIRouter:
    """The resource `feedback`."""
    router = APIRouter(prefix="/api", tags=["feedback"])

    @router.post("/scans/{scan_id}/feedback", responses=problems(404), summary="Agree or disagree with the report")
    async def give(principal: Radiologist, context: Context, scan_id: UUID, to_say: ToSay) -> Opinion:
        """One word a person and report: a second one takes the place of the first."""
        said = Said(to_say.agrees, to_say.finding, to_say.comment or None)
        return Opinion(**as_told(await feedback.give(principal, scan_id, said, context), principal))

    @router.get("/scans/{scan_id}/feedback", responses=problems(404), summary="What one said of the newest report")
    async def mine(principal: Reader, context: Context, scan_id: UUID) -> Opinion:
        return Opinion(**as_told(await feedback.mine(principal, scan_id, context), principal))

    @router.get(
        "/feedback", summary="Feedback of the institution, newest first", response_model=Page[Opinion], responses=TABLE
    )
    async def page(
        principal: Reader,
        context: Context,
        agrees: bool | None = None,
        kind: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> Any:
        """A page of it as JSON, or all of it as CSV; `agrees=false` asks for the disagreements."""
        if kind == "csv":
            headers = {"Content-Disposition": 'attachment; filename="feedback.csv"'}
            return StreamingResponse(feedback.as_csv(principal, agrees, context), media_type=CSV, headers=headers)
        opinions, total = await feedback.page(principal, agrees, Window(limit, offset), context)
        items = [Opinion(**as_told(opinion, principal)) for opinion in opinions]
        return Page(items=items, total=total, limit=limit, offset=offset)

    return router
