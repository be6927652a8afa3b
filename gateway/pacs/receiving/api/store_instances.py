"""POST /dicom-web/studies and /dicom-web/studies/{uid}: STOW-RS, Store Instances (PS3.18 10.5)."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException

from gateway.http.authorization import UPLOAD_RATE_LIMIT, Context, authentication_of, requires
from gateway.http.concurrency_limit import UPLOAD_LIMIT
from gateway.http.documented_errors import problems
from gateway.http.multipart import is_related, parts
from gateway.http.response_shapes import Problem
from gateway.pacs.receiving.api.store_response import MEDIA_TYPE, http_status, store_response
from gateway.pacs.receiving.receiver import Outcome
from gateway.pacs.receiving.stow import StowRequests
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext

Writer = Annotated[Principal, requires(Scope.SCANS_WRITE)]
StudyUid = Annotated[str, Path(max_length=64, pattern=r"^[0-9]+(\.[0-9]+)*$")]

DICOM: Final = b"application/dicom"
PREFIX: Final = "/dicom-web/studies"
_ANSWER: Final[dict[str, Any]] = {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {**_ANSWER, "description": "Every instance is stored"},
    202: {**_ANSWER, "description": "Some are stored; Failed SOP Sequence has the others"},
    409: {**_ANSWER, "description": "None is stored"},
    **problems(400),
    413: {"model": Problem, "description": "The body is too long: over_budget"},
    415: {"model": Problem, "description": "No multipart/related of application/dicom"},
    507: {"model": Problem, "description": "The storage is full: storage_full"},
}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {'multipart/related; type="application/dicom"': {"schema": {"type": "string", "format": "binary"}}},
    }
}


def store_instances_router(requests: StowRequests, limit_bytes: int) -> APIRouter:
    """The Store transaction of the Studies service; its instances are completed to scans as those of C-STORE are."""
    router = APIRouter(prefix=PREFIX, tags=["dicomweb"])
    options: dict[str, Any] = {
        "responses": RESPONSES,
        "response_class": Response,
        "dependencies": [UPLOAD_RATE_LIMIT, UPLOAD_LIMIT],
        "openapi_extra": BODY,
    }

    @router.post("", summary="Store instances (STOW-RS)", **options)
    async def store(request: Request, principal: Writer, context: Context) -> Response:
        """Each part is a DICOM file of its own, and is stored or refused by itself."""
        return await _store(requests, request, principal, context, limit_bytes)

    @router.post("/{study_uid}", summary="Store instances of one study (STOW-RS)", **options)
    async def store_of_study(request: Request, principal: Writer, context: Context, study_uid: StudyUid) -> Response:
        """As above; an instance of another study is refused with A900."""
        return await _store(requests, request, principal, context, limit_bytes, study_uid)

    return router


async def _store(
    requests: StowRequests,
    request: Request,
    principal: Principal,
    context: RequestContext,
    limit_bytes: int,
    study_uid: str = "",
) -> Response:
    _check_type(request)
    await requests.check_quota(principal)
    outcomes: list[Outcome] = []
    try:
        async for part in parts(request, limit_bytes):
            requests.check_parts(len(outcomes) + 1)
            outcomes.append(await requests.receive(principal, part.chunks, study_uid))
    finally:
        if outcomes:
            await requests.record(principal, context, outcomes)
    if not outcomes:
        raise HTTPException(400, "the request holds no part: send DICOM files as multipart/related")
    public = authentication_of(request).public_url
    answer = store_response(outcomes, f"{public.rstrip('/')}{PREFIX}" if public else None)
    return Response(json.dumps(answer), http_status(outcomes).value, media_type=MEDIA_TYPE)


def _check_type(request: Request) -> None:
    _, options = parse_options_header(request.headers.get("content-type"))
    if not is_related(request) or options.get(b"type", DICOM).lower() != DICOM:
        raise HTTPException(415, 'send multipart/related; type="application/dicom"')
