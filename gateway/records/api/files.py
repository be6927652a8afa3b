"""Files of scans: POST /api/scans, POST /api/scans/bulk, GET /api/scans/{id}/file."""

from contextlib import AsyncExitStack
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from gateway.errors import GatewayError
from gateway.http.authorization import LIMITED_UPLOAD, Context, requires
from gateway.http.content_disposition import attachment
from gateway.http.documented_errors import problems
from gateway.http.ranges import PRIVATE, has_it, not_modified, streamed, wanted_range
from gateway.http.response_shapes import Problem
from gateway.idempotency.header import KeyHeader, as_response, key_of
from gateway.idempotency.replay import Answer, Key
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.records.api.upload_form import MOST_FILES, Refused, UploadForm
from gateway.records.original_files import Files
from gateway.records.scan_upload import Arrived, Uploading
from screening.errors import StudyError

Writer = Annotated[Principal, requires(Scope.SCANS_WRITE)]
Exporter = Annotated[Principal, requires(Scope.SCANS_FILE)]

BINARY: Final = "application/octet-stream"
FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary", "description": "zip, DICOM or NIfTI"}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    **problems(404, 409),
    413: {"model": Problem, "description": "The body is too long: over_budget"},
    415: {"model": Problem, "description": "Neither zip, DICOM nor NIfTI: not_dicom"},
    507: {"model": Problem, "description": "There is no room for the file: storage_full"},
}
READS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {BINARY: {}}, "description": "The bytes as they came in"},
    206: {"content": {BINARY: {}}, "description": "The part that Range asks for"},
    304: {"description": "The client has these bytes"},
    **problems(404),
    416: {"model": Problem, "description": "Range lies outside of the file: range_not_satisfiable"},
}


class Created(BaseModel):
    """The new scan."""

    id: UUID


class Uploaded(BaseModel):
    """One file of several: the scan that it became, or why it became none."""

    file_name: str
    id: UUID | None = None
    error: str | None = None
    detail: str | None = None


class BulkUploaded(BaseModel):
    """Every file in the order in which it was sent."""

    items: list[Uploaded]


def files_router(uploading: Uploading, files: Files, limit_bytes: int) -> APIRouter:
    """The files of the resource `scans`."""
    router = APIRouter(prefix="/api/scans", tags=["scans"])
    _add_uploads(router, uploading, limit_bytes)
    _add_downloads(router, files)
    return router


def _add_uploads(router: APIRouter, uploading: Uploading, limit_bytes: int) -> None:
    @router.post(
        "",
        status_code=201,
        response_model=Created,
        responses=REFUSALS,
        dependencies=[LIMITED_UPLOAD],
        openapi_extra=_body(FILE),
        summary="Upload a scan of a patient",
    )
    @router.post("/", status_code=201, include_in_schema=False, dependencies=[LIMITED_UPLOAD])
    async def upload(request: Request, principal: Writer, context: Context, key: KeyHeader = None) -> Response:
        """The file is streamed to the store; name the patient before it, and a wrong one is refused before it is sent.

        The same file twice is two scans of one stored file.
        """
        async with AsyncExitStack() as stack:
            form = UploadForm(uploading, principal, stack)
            await form.read(request, limit_bytes)
            (file,) = form.files
            return as_response(await _recorded(uploading, request, principal, context, form, file, key))

    @router.post(
        "/bulk",
        status_code=207,
        response_model=BulkUploaded,
        responses=REFUSALS,
        dependencies=[LIMITED_UPLOAD],
        openapi_extra=_body({"type": "array", "items": FILE}),
        summary="Upload several scans of a patient",
    )
    async def upload_all(request: Request, principal: Writer, context: Context, key: KeyHeader = None) -> BulkUploaded:
        """Each file stands for itself; when the body is cut off, none of them is kept."""
        async with AsyncExitStack() as stack:
            form = UploadForm(uploading, principal, stack)
            await form.read(request, limit_bytes, MOST_FILES)
            items = []
            for number, file in enumerate(form.files):
                own = key and f"{key}#{number}"
                try:
                    answer = await _recorded(uploading, request, principal, context, form, file, own)
                    items.append(Uploaded(file_name=file.name, id=Created.model_validate_json(answer.body).id))
                except (StudyError, GatewayError) as error:
                    items.append(Uploaded(file_name=file.name, error=error.code, detail=error.detail))
        return BulkUploaded(items=items)


def _add_downloads(router: APIRouter, files: Files) -> None:
    @router.get("/{scan_id}/file", response_class=Response, responses=READS, summary="The file as it was uploaded")
    @router.head("/{scan_id}/file", include_in_schema=False)
    async def file(request: Request, principal: Exporter, context: Context, scan_id: UUID) -> Response:
        """Takes Range and If-Range; the ETag is the sha256 of the file."""
        found = await files.open(principal, context, scan_id)
        tag = f'"{found.sha256}"'
        if has_it(request, tag):
            return not_modified(tag)
        headers = {
            "ETag": tag,
            "Accept-Ranges": "bytes",
            "Cache-Control": PRIVATE,
            "Content-Disposition": attachment(found.file_name),
        }
        if request.method == "HEAD":
            return Response(headers=headers | {"Content-Length": str(found.size)}, media_type=BINARY)
        part = wanted_range(request, found.size, tag)
        if part is None:
            return await streamed(files.read(found, 0, found.size), found.size, BINARY, headers)
        start, end = part
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
        return await streamed(files.read(found, start, end), end - start, BINARY, headers, 206)


async def _recorded(
    uploading: Uploading,
    request: Request,
    principal: Principal,
    context: RequestContext,
    form: UploadForm,
    file: Arrived | Refused,
    key: str | None,
) -> Answer:
    if isinstance(file, Refused):
        raise file.error
    known = None if key is None else _key(request, principal, form, file, key)
    return await uploading.record(principal, context, form.patient_id, file, form.description, _created, known)


def _key(request: Request, principal: Principal, form: UploadForm, file: Arrived, key: str) -> Key:
    """By what the form says, not by its bytes: a client that sends it again draws another boundary."""
    told = "\0".join([str(form.patient_id), form.description or "", file.name, file.incoming.blob.sha256])
    return key_of(request, principal.key, key, told)


def _created(scan_id: UUID) -> Answer:
    headers = {"Location": f"/api/scans/{scan_id}"}
    return Answer(201, headers, Created(id=scan_id).model_dump_json().encode())


def _body(file: dict[str, Any]) -> dict[str, Any]:
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
