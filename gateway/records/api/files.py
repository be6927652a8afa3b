"""Files of scans: POST /api/scans, POST /api/scans/bulk, GET /api/scans/{id}/file."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from gateway.http.authorization import UPLOAD_RATE_LIMIT, Context, requires
from gateway.http.concurrency_limit import STREAM_LIMIT, UPLOAD_LIMIT
from gateway.http.content_disposition import attachment
from gateway.http.documented_errors import problems
from gateway.http.multipart import MAX_FILES
from gateway.http.ranges import CACHE_PRIVATE, is_cached, not_modified, requested_range, streaming_response
from gateway.http.response_shapes import Problem
from gateway.idempotency.header import KeyHeader, idempotency_key
from gateway.idempotency.store import IdempotencyKey
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.records.api.deleted_scans import not_found_if_deleted
from gateway.records.api.upload_form import RefusedFile, UploadForm
from gateway.records.original_files import OriginalFiles
from gateway.records.scan_upload import ReceivedFile, ScanUploads
from screening.coded_error import CodedError

Writer = Annotated[Principal, requires(Scope.SCANS_WRITE)]
Exporter = Annotated[Principal, requires(Scope.SCANS_FILE)]

BINARY: Final = "application/octet-stream"
FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary", "description": "zip, DICOM or NIfTI"}
UPLOAD_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    **problems(404, 409, 410),
    413: {"model": Problem, "description": "The body is too long: over_budget"},
    415: {"model": Problem, "description": "Neither zip, DICOM nor NIfTI: not_dicom"},
    507: {"model": Problem, "description": "The storage is full: storage_full"},
}
DOWNLOAD_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {BINARY: {}}, "description": "The file as it was uploaded"},
    206: {"content": {BINARY: {}}, "description": "The requested range"},
    304: {"description": "The client has this file"},
    **problems(404),
    416: {"model": Problem, "description": "The range lies outside the file: range_not_satisfiable"},
}


class CreatedScan(BaseModel):
    """The new scan."""

    id: UUID


class UploadedFile(BaseModel):
    """One file of several: the id of its scan, or the error."""

    file_name: str
    id: UUID | None = None
    error: str | None = None
    detail: str | None = None


class BulkUpload(BaseModel):
    """All files, in the order in which they were sent."""

    items: list[UploadedFile]


def files_router(uploads: ScanUploads, files: OriginalFiles, limit_bytes: int, scratch: Path) -> APIRouter:
    """The files of the resource `scans`."""
    router = APIRouter(prefix="/api/scans", tags=["scans"])
    _add_upload_calls(router, uploads, limit_bytes, scratch)
    _add_download_calls(router, files)
    return router


def _add_upload_calls(router: APIRouter, uploads: ScanUploads, limit_bytes: int, scratch: Path) -> None:
    @router.post(
        "",
        status_code=201,
        responses=UPLOAD_ERRORS,
        dependencies=[UPLOAD_RATE_LIMIT, UPLOAD_LIMIT],
        openapi_extra=_form_schema(FILE),
        summary="Upload a scan of a patient",
    )
    async def upload(
        request: Request, response: Response, principal: Writer, context: Context, key: KeyHeader = None
    ) -> CreatedScan:
        """The file is streamed to the storage. With `patient_id` before it, an unknown patient is refused at once.

        The same file, uploaded twice, gives two scans of one stored file.
        """
        async with AsyncExitStack() as stack:
            form = UploadForm(uploads, principal, stack, scratch)
            await form.read(request, limit_bytes)
            (file,) = form.files
            scan_id = await _create_scan(uploads, request, principal, context, form, file, key)
        response.headers["Location"] = f"/api/scans/{scan_id}"
        return CreatedScan(id=scan_id)

    @router.post(
        "/bulk",
        status_code=207,
        response_model=BulkUpload,
        responses=UPLOAD_ERRORS,
        dependencies=[UPLOAD_RATE_LIMIT, UPLOAD_LIMIT],
        openapi_extra=_form_schema({"type": "array", "items": FILE}),
        summary="Upload several scans of a patient",
    )
    async def upload_all(request: Request, principal: Writer, context: Context, key: KeyHeader = None) -> BulkUpload:
        """Each file succeeds or fails on its own; when the body is incomplete, no file is stored."""
        async with AsyncExitStack() as stack:
            form = UploadForm(uploads, principal, stack, scratch)
            await form.read(request, limit_bytes, MAX_FILES)
            items = []
            for number, file in enumerate(form.files):
                file_key = key and f"{key}#{number}"
                try:
                    scan_id = await _create_scan(uploads, request, principal, context, form, file, file_key)
                    items.append(UploadedFile(file_name=file.name, id=scan_id))
                except CodedError as error:
                    items.append(UploadedFile(file_name=file.name, error=error.code, detail=error.detail))
        return BulkUpload(items=items)


def _add_download_calls(router: APIRouter, files: OriginalFiles) -> None:
    @router.get(
        "/{scan_id}/file",
        response_class=Response,
        responses=DOWNLOAD_RESPONSES,
        dependencies=[STREAM_LIMIT, not_found_if_deleted(files.database)],
        summary="The file as it was uploaded",
    )
    @router.head("/{scan_id}/file", include_in_schema=False)
    async def file(request: Request, principal: Exporter, context: Context, scan_id: UUID) -> Response:
        """Supports Range and If-Range; the ETag is the SHA-256 of the file."""
        found = await files.open(principal, context, scan_id)
        tag = f'"{found.sha256}"'
        if is_cached(request, tag):
            return not_modified(tag)
        headers = {
            "ETag": tag,
            "Accept-Ranges": "bytes",
            "Cache-Control": CACHE_PRIVATE,
            "Content-Disposition": attachment(found.file_name),
        }
        if request.method == "HEAD":
            return Response(headers=headers | {"Content-Length": str(found.size)}, media_type=BINARY)
        range_ = requested_range(request, found.size, tag)
        if range_ is None:
            return await streaming_response(files.read(found, 0, found.size), found.size, BINARY, headers)
        start, end = range_
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
        return await streaming_response(files.read(found, start, end), end - start, BINARY, headers, 206)


async def _create_scan(
    uploads: ScanUploads,
    request: Request,
    principal: Principal,
    context: RequestContext,
    form: UploadForm,
    file: ReceivedFile | RefusedFile,
    key: str | None,
) -> UUID:
    if isinstance(file, RefusedFile):
        raise file.error
    idempotency = None if key is None else _key_of_form(request, principal, form, file, key)
    return await uploads.create_scan(principal, context, form.patient_id, file, form.description, idempotency)


def _key_of_form(
    request: Request, principal: Principal, form: UploadForm, file: ReceivedFile, key: str
) -> IdempotencyKey:
    """From the fields of the form, not its bytes: a client that sends it again uses another boundary."""
    fields = "\0".join([str(form.patient_id), form.description or "", file.name, file.incoming.blob.sha256])
    return idempotency_key(request, principal, key, fields)


def _form_schema(file: dict[str, Any]) -> dict[str, Any]:
    form = {
        "type": "object",
        "required": ["patient_id", "file"],
        "properties": {
            "patient_id": {"type": "string", "format": "uuid"},
            "description": {"type": "string", "maxLength": 2000},
            "file": file,
        },
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}
