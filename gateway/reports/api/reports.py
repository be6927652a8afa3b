"""The HTTP calls of reports: /api/scans/{id}/report and /reports."""

from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.http.authorization import Context, CurrentPrincipal, requires
from gateway.http.concurrency_limit import limits_of
from gateway.http.response_shapes import Problem, Row, Summary
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.reports.pdf.document import ReportPdf
from gateway.reports.pdf.texts import Language
from gateway.reports.result_downloads import DICOM_KINDS, ResultDownloads, check_may_download
from gateway.reports.stored_reports import DICOM_FILE, MEDIA_TYPES, Format, Reports, as_table

Reader = Annotated[Principal, requires(Scope.REPORTS_READ)]
FormatQuery = Annotated[Format, Query(alias="format")]
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Problem, "description": "No such scan: not_found; or no report yet: no_report"}
}
FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {MEDIA_TYPES[format_]: {} for format_ in Format if format_ is not Format.JSON}},
    403: {"model": Problem, "description": "DICOM objects need a role that sees names: not_permitted"},
    422: {
        "model": Problem,
        "description": "The source has no patient or study that DICOM can hold: no_dicom_identity; or the error of the "
        "analysis, when the upload cannot be read",
    },
}

SUFFIXES: Final = {
    Format.FHIR: ".fhir.json",
    Format.DICOM: ".zip",
    Format.DICOM_SC: "-sc.zip",
    **{
        format_: f"-{format_.value.removeprefix('dicom-')}.dcm"
        for format_ in Format
        if MEDIA_TYPES[format_] == DICOM_FILE
    },
}


class ReportSummary(BaseModel):
    """A report without its rows and studies: its ids, version and outcome."""

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


class Report(ReportSummary):
    """A whole report."""

    rows: list[Row]
    summary: Summary
    studies: list[dict[str, Any]] = Field(description="The whole report of each study.")


class ReportList(BaseModel):
    """All reports of a scan, newest first."""

    items: list[ReportSummary]


async def _limit_dicom(
    request: Request, principal: CurrentPrincipal, format_: FormatQuery = Format.JSON
) -> AsyncIterator[None]:
    """Hold a place among the exports while DICOM objects are made and sent: they take a worker and much memory."""
    with limits_of(request).exports.hold(principal) if format_ in DICOM_KINDS else nullcontext():
        yield


def reports_router(reports: Reports, report_pdf: ReportPdf, downloads: ResultDownloads) -> APIRouter:
    """The resource `report` of a scan."""
    router = APIRouter(prefix="/api/scans", tags=["reports"], responses=PROBLEMS)

    @router.get(
        "/{scan_id}/report",
        summary="The newest report",
        response_model=Report,
        responses=FILES,
        dependencies=[Depends(_limit_dicom)],
    )
    async def report(
        principal: Reader,
        context: Context,
        scan_id: UUID,
        analysis_id: UUID | None = None,
        format_: FormatQuery = Format.JSON,
        lang: Language = Language.ENGLISH,
        study_uid: str | None = None,
    ) -> Any:
        """As JSON, a table, PDF with a page for each study in `lang`, FHIR R4, or DICOM objects.

        `analysis_id` names an earlier analysis; by default the newest report is returned. Each `dicom-` format but
        `dicom-sc` is one object of the study `study_uid`, by default of the most severe one; `dicom-sc` and `dicom`
        (all objects) are zips.
        """
        check_may_download(principal, format_)
        stored = await reports.read(principal, context, scan_id, analysis_id, format_)
        if format_ is Format.JSON:
            return Report(**ReportSummary.model_validate(stored.row).model_dump(), **stored.body)
        if format_ in DICOM_KINDS:
            data = await downloads.dicom(principal, context, stored, format_, study_uid, lang)
            return _file_response(data, format_, scan_id)
        if format_ is Format.FHIR:
            return _file_response(await downloads.fhir(principal, stored), format_, scan_id)
        if format_ is Format.PDF:
            return _file_response(await report_pdf.pdf(principal, context, stored, lang), format_, scan_id)
        return _file_response(as_table(stored, format_), format_, scan_id)

    @router.get("/{scan_id}/reports", summary="All reports")
    async def all_reports(principal: Reader, context: Context, scan_id: UUID) -> ReportList:
        rows: Sequence[Any] = await reports.all(principal, context, scan_id)
        return ReportList(items=[ReportSummary.model_validate(row) for row in rows])

    return router


def _file_response(data: bytes, format_: Format, scan_id: UUID) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="report-{scan_id}{SUFFIXES.get(format_, f".{format_}")}"',
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=MEDIA_TYPES[format_], headers=headers)
