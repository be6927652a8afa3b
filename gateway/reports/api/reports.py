"""Reports of scans: /api/scans/{id}/report and /reports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.http.authorization import Context, requires
from gateway.http.response_shapes import Problem, Row, Summary
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.reports.pdf.document import Pages
from gateway.reports.pdf.texts import Language
from gateway.reports.stored_reports import MEDIA_TYPES, Format, Reports, as_table

Reader = Annotated[Principal, requires(Scope.REPORTS_READ)]
Kind = Annotated[Format, Query(alias="format")]
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Problem, "description": "No such scan: not_found; or no report yet: no_report"}
}
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPES[kind]: {} for kind in Format if kind is not Format.JSON}}
}


class Named(BaseModel):
    """Which report this is, and what it says of the scan."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    id: UUID
    scan_id: UUID
    analysis_id: UUID
    version: int = Field(description="Feedback is given on one version.")
    model_card: str | None
    verdict: Literal["normal", "pathology", "not_analysed"]
    probability: float | None
    finding: str | None
    created_at: datetime


class Report(Named):
    """A whole report."""

    rows: list[Row]
    summary: Summary
    studies: list[dict[str, Any]] = Field(description="The whole report of each study.")


class Listed(BaseModel):
    """All reports of a scan, newest first."""

    items: list[Named]


def reports_router(reports: Reports, pages: Pages) -> APIRouter:
    """The resource `report` of a scan."""
    router = APIRouter(prefix="/api/scans", tags=["reports"], responses=PROBLEMS)

    @router.get("/{scan_id}/report", summary="The newest report", response_model=Report, responses=FILES)
    async def report(
        principal: Reader,
        context: Context,
        scan_id: UUID,
        analysis_id: UUID | None = None,
        kind: Kind = Format.JSON,
        lang: Language = Language.ENGLISH,
    ) -> Any:
        """As JSON, a table, or a page for each study, in `lang`; `analysis_id` asks for that of an earlier analysis."""
        kept = await reports.read(principal, context, scan_id, analysis_id, kind)
        if kind is Format.JSON:
            return Report(**Named.model_validate(kept.row).model_dump(), **kept.body)
        if kind is Format.PDF:
            return _file(await pages.pdf(principal, context, kept, lang), kind, scan_id)
        return _file(as_table(kept, kind), kind, scan_id)

    @router.get("/{scan_id}/reports", summary="All reports")
    async def all_of_them(principal: Reader, context: Context, scan_id: UUID) -> Listed:
        rows: Sequence[Any] = await reports.all(principal, context, scan_id)
        return Listed(items=[Named.model_validate(row) for row in rows])

    return router


def _file(data: bytes, format_: Format, scan_id: UUID) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="report-{scan_id}.{format_}"',
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=MEDIA_TYPES[format_], headers=headers)
