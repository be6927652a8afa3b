"""POST /inference/predict: screens an upload and returns its verdicts; nothing is stored."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from gateway.http.authorization import UPLOAD_RATE_LIMIT, Context, requires
from gateway.http.concurrency_limit import UPLOAD_LIMIT
from gateway.http.disconnect import cancel_on_disconnect
from gateway.http.response_shapes import Problem, Row, Rows
from gateway.permissions import Scope
from gateway.predictions.prediction import Predictions
from gateway.predictions.upload_body import received_uploads
from gateway.principal import Principal
from gateway.reports.report_body import summary_of
from gateway.reports.report_table import as_csv, as_xlsx, table_row
from screening.results.report import Report

JSON: Final = "application/json"
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary", "description": "zip, DICOM or NIfTI"}},
            }
        },
        "application/zip": {"schema": {"type": "string", "format": "binary"}},
        "application/dicom": {"schema": {"type": "string", "format": "binary"}},
    },
}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "Nothing to read: empty_upload, or a malformed body"},
    413: {"model": Problem, "description": "Larger than the service reads: over_budget"},
    415: {"model": Problem, "description": "Neither DICOM, zip nor NIfTI: not_dicom"},
    422: {"model": Problem, "description": "Read, but cannot be analysed; `error` says why"},
    429: {
        "model": Problem,
        "description": "Busy: engine_overloaded, or a used up day: quota_exceeded; see Retry-After",
    },
    502: {"model": Problem, "description": "The networks failed: engine_fault"},
    503: {"model": Problem, "description": "Triton does not answer: engine_unavailable; see Retry-After"},
    504: {"model": Problem, "description": "Not done in time: engine_deadline"},
}
PredictPrincipal = Annotated[Principal, requires(Scope.INFERENCE_PREDICT)]
TABLES: Final[dict[str, Any]] = {CSV: {}, XLSX: {"schema": {"type": "string", "format": "binary"}}}


def inference_router(predictions: Predictions, scratch_folder: Path | None, upload_bytes: int) -> APIRouter:
    """The resource `inference`."""
    router = APIRouter(prefix="/inference", tags=["inference"], responses=PROBLEMS)

    @router.post(
        "/predict",
        summary="Screen a study",
        response_model=Row | Rows,
        responses={200: {"content": TABLES}},
        openapi_extra={"requestBody": BODY},
        dependencies=[UPLOAD_RATE_LIMIT, UPLOAD_LIMIT],
    )
    async def predict(
        request: Request,
        principal: PredictPrincipal,
        context: Context,
        detail: Literal["row", "full"] = "row",
        all_studies: Annotated[bool, Query(alias="all")] = False,
    ) -> Response:
        """One study answers with its row; several with `rows` and `summary`.

        `detail=full` answers with the whole report(s). `Accept: text/csv` or XLSX answers with a table.
        When no study could be analysed, the answer is the error of the first.
        `all=true` always answers with `rows` and `summary`; a study that was not analysed is a row with its error.
        """
        await predictions.check_quota(principal)
        async with AsyncExitStack() as stack:
            with predictions.reserve(principal):
                uploads = await stack.enter_async_context(received_uploads(request, scratch_folder, upload_bytes))
            reports = await cancel_on_disconnect(request, predictions.screen(principal, uploads, context))
        if not all_studies:
            _raise_if_none_was_analysed(reports)
        return _answer(
            reports, _preferred_media_type(request.headers.get("accept", "")), detail, all_studies=all_studies
        )

    return router


def _raise_if_none_was_analysed(reports: Sequence[Report]) -> None:
    errors = [report.error for report in reports if report.error is not None]
    if len(errors) == len(reports):
        raise errors[0]


def _answer(
    reports: Sequence[Report], media_type: str, detail: Literal["row", "full"], *, all_studies: bool
) -> Response:
    whole = [report.to_json() for report in reports]
    rows = [table_row(report) for report in whole]
    if media_type == CSV:
        return Response(as_csv(rows), media_type=CSV)
    if media_type == XLSX:
        return Response(as_xlsx(rows), media_type=XLSX)
    parts = whole if detail == "full" else rows
    alone = len(parts) == 1 and not all_studies
    return JSONResponse(parts[0] if alone else {"rows": parts, "summary": summary_of(reports)})


def _preferred_media_type(accept: str) -> str:
    """The first media type of the Accept header that is available; JSON when none is."""
    named = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return next((media_type for media_type in named if media_type in (CSV, XLSX, JSON)), JSON)
