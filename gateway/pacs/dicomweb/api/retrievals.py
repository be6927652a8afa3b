"""WADO-RS (PS3.18 10.4): metadata, instances, frames, rendered pictures and bulk data under /dicom-web/studies."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.errors import InvalidQuery
from gateway.http.authorization import Context, requires
from gateway.http.concurrency_limit import STREAM_LIMIT
from gateway.http.documented_errors import Problems, problem, problems
from gateway.http.ranges import streaming_response
from gateway.pacs.dicomweb.accept import DICOM, FRAME_TYPES, JPEG, JSON, MULTIPART, OCTETS, PNG, Accepted
from gateway.pacs.dicomweb.api.addresses import PREFIX, OneInstance, SeriesUid, StudyUid, uri_of
from gateway.pacs.dicomweb.frames import Picture
from gateway.pacs.dicomweb.multipart_related import MultipartBody
from gateway.pacs.dicomweb.retrieval import Part, Retrieval
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from screening.views.display_window import Window

Viewer = Annotated[Principal, requires(Scope.SCANS_READ)]
Exporter = Annotated[Principal, requires(Scope.SCANS_READ, Scope.SCANS_FILE, Scope.NAMES_READ)]
FrameNumbers = Annotated[str, Path(pattern=r"^[0-9]{1,6}(,[0-9]{1,6})*$", max_length=1000, description="From 1.")]
FrameNumber = Annotated[int, Path(ge=1, le=999_999)]
Tag = Annotated[str, Path(pattern=r"^[0-9A-Fa-f]{8}$")]
WindowQuery = Annotated[
    str | None,
    Query(max_length=64, description="Centre and width in HU, and the function `linear`: 40,400,linear"),
]
PLAIN_JSON: Final = "application/json"
STUDY: Final = "/studies/{study_uid}"
SERIES: Final = STUDY + "/series/{series_uid}"
INSTANCE: Final = SERIES + "/instances/{instance_uid}"
THUMBNAIL_PX: Final = 192


def retrievals_router(retrieval: Retrieval) -> APIRouter:
    """The retrievals."""
    router = APIRouter(prefix=PREFIX, tags=["dicomweb"], responses=problems(404))
    _add_metadata(router, retrieval)
    _add_files(router, retrieval)
    _add_frames(router, retrieval)
    _add_pictures(router, retrieval)
    return router


def _responses(*media_types: str) -> Problems:
    content = {one: {"schema": {"type": "string", "format": "binary"}} for one in media_types}
    return {
        200: {"content": content},
        400: problem("A malformed parameter: invalid_query"),
        406: problem("No media type or transfer syntax that Accept names can be had: not_acceptable"),
        422: problem("A value is invalid: invalid_request; or the pixels cannot be read, as for an analysis"),
        504: problem("No decode worker was free in time: engine_deadline"),
        507: problem("The storage is full: storage_full"),
    }


def _call(summary: str, *media_types: str) -> dict[str, Any]:
    return {"summary": summary, "response_class": Response, "responses": _responses(*media_types)}


def _add_metadata(router: APIRouter, retrieval: Retrieval) -> None:
    async def metadata(
        request: Request, principal: Principal, context: RequestContext, study_uid: str, *uids: str
    ) -> Response:
        media_type = Accepted.of(request.headers.getlist("accept")).choose(JSON, PLAIN_JSON)
        series_uid, uid = (*uids, None, None)[:2]
        level = "instance" if uid else "series" if series_uid else "study"
        study = await retrieval.held.open(principal, context, study_uid, f"DICOM {level} metadata")
        blocks = retrieval.metadata(principal, study, series_uid, uid, uri_of(request))
        return await streaming_response(blocks, None, media_type, {})

    @router.get(STUDY + "/metadata", **_call("The headers of a study", JSON))
    async def of_study(request: Request, principal: Viewer, context: Context, study_uid: StudyUid) -> Response:
        """DICOM JSON with BulkDataURI for pixels and long values; with a pseudonym for who may not see names."""
        return await metadata(request, principal, context, study_uid)

    @router.get(SERIES + "/metadata", **_call("The headers of a series", JSON))
    async def of_series(
        request: Request, principal: Viewer, context: Context, study_uid: StudyUid, series_uid: SeriesUid
    ) -> Response:
        return await metadata(request, principal, context, study_uid, series_uid)

    @router.get(INSTANCE + "/metadata", **_call("The header of an instance", JSON))
    async def of_instance(
        request: Request,
        principal: Viewer,
        context: Context,
        one: OneInstance,
    ) -> Response:
        return await metadata(request, principal, context, *one)


def _add_files(router: APIRouter, retrieval: Retrieval) -> None:
    async def files(
        request: Request, principal: Principal, context: RequestContext, study_uid: str, *uids: str
    ) -> Response:
        ranges = Accepted.of(request.headers.getlist("accept"))
        accepted = ranges.of_parts(DICOM, single=len(uids) == 2)
        series_uid, uid = (*uids, None, None)[:2]
        level = "instance" if uid else "series" if series_uid else "study"
        study = await retrieval.held.open(principal, context, study_uid, f"DICOM {level}")
        parts = retrieval.files(study, study.instances(series_uid, uid), accepted)
        return await _parts(parts, DICOM, alone=accepted.prefers_single(DICOM))

    @router.get(STUDY, **_call("A study as DICOM files", MULTIPART), dependencies=[STREAM_LIMIT])
    async def study(request: Request, principal: Exporter, context: Context, study_uid: StudyUid) -> Response:
        """Each file as it was uploaded, for transfer-syntax=*; without it in Explicit VR Little Endian."""
        return await files(request, principal, context, study_uid)

    @router.get(SERIES, **_call("A series as DICOM files", MULTIPART), dependencies=[STREAM_LIMIT])
    async def series(
        request: Request, principal: Exporter, context: Context, study_uid: StudyUid, series_uid: SeriesUid
    ) -> Response:
        return await files(request, principal, context, study_uid, series_uid)

    @router.get(INSTANCE, **_call("An instance as a DICOM file", MULTIPART, DICOM))
    async def instance(
        request: Request,
        principal: Exporter,
        context: Context,
        one: OneInstance,
    ) -> Response:
        """In a multipart of one part, or alone for `Accept: application/dicom`."""
        return await files(request, principal, context, *one)

    @router.get(INSTANCE + "/bulkdata/{tag}", **_call("A long value of an instance", MULTIPART, OCTETS))
    async def bulk_data(
        request: Request,
        principal: Exporter,
        context: Context,
        one: OneInstance,
        tag: Tag,
    ) -> Response:
        """The element at the root of the header; of Pixel Data every frame is a part."""
        accepted = Accepted.of(request.headers.getlist("accept")).of_parts(OCTETS, single=True)
        study = await retrieval.held.open(principal, context, one[0], "DICOM bulk data")
        (held,) = study.instances(*one[1:])
        parts = await retrieval.bulk_data(study, held, tag)
        return await _parts(parts, OCTETS, alone=accepted.prefers_single(OCTETS) and len(parts) == 1)


def _add_frames(router: APIRouter, retrieval: Retrieval) -> None:
    kinds = (OCTETS, *dict.fromkeys(FRAME_TYPES.values()))

    @router.get(INSTANCE + "/frames/{numbers}", **_call("Frames of an instance", MULTIPART, *kinds))
    async def frames(
        request: Request,
        principal: Viewer,
        context: Context,
        one: OneInstance,
        numbers: FrameNumbers,
    ) -> Response:
        """As they are stored for transfer-syntax=*; without it as little endian pixels."""
        accepted = Accepted.of(request.headers.getlist("accept")).of_parts(*kinds, single="," not in numbers)
        study = await retrieval.held.open(principal, context, one[0], "DICOM frames")
        (held,) = study.instances(*one[1:])
        parts = await retrieval.frames(study, held, [int(number) for number in numbers.split(",")], accepted)
        kind = parts[0].media_type.partition(";")[0]
        return await _parts(parts, kind, alone=accepted.prefers_single(kind))


def _add_pictures(router: APIRouter, retrieval: Retrieval) -> None:
    async def picture(
        request: Request,
        principal: Principal,
        context: RequestContext,
        one: tuple[str, str, str],
        seen: str,
        number: int | None = None,
        window: Window | None = None,
        size_px: int | None = None,
    ) -> Response:
        media_type = Accepted.of(request.headers.getlist("accept")).choose(JPEG, PNG)
        study = await retrieval.held.open(principal, context, one[0], seen)
        (held,) = study.instances(*one[1:])
        number = number or max(1, (held.instance.frames + 1) // 2)
        drawn = await retrieval.picture(study, held, number, Picture(media_type == PNG, window, size_px))
        return Response(drawn, media_type=media_type)

    @router.get(INSTANCE + "/rendered", **_call("An instance as a picture", JPEG, PNG))
    async def rendered(
        request: Request, principal: Viewer, context: Context, one: OneInstance, window: WindowQuery = None
    ) -> Response:
        """Its middle frame, in the window of the object unless `window` names another one."""
        return await picture(request, principal, context, one, "DICOM picture", None, _window(window))

    @router.get(INSTANCE + "/frames/{frame}/rendered", **_call("A frame as a picture", JPEG, PNG))
    async def rendered_frame(
        request: Request,
        principal: Viewer,
        context: Context,
        one: OneInstance,
        frame: FrameNumber,
        window: WindowQuery = None,
    ) -> Response:
        return await picture(request, principal, context, one, "DICOM frame as picture", frame, _window(window))

    @router.get(INSTANCE + "/thumbnail", **_call("An instance as a small picture", JPEG, PNG))
    async def thumbnail(request: Request, principal: Viewer, context: Context, one: OneInstance) -> Response:
        return await picture(request, principal, context, one, "DICOM thumbnail", size_px=THUMBNAIL_PX)


def _window(text: str | None) -> Window | None:
    """PS3.18 8.3.5.1.4."""
    if text is None:
        return None
    parts = text.removesuffix(",linear").split(",")
    try:
        centre, width = map(float, parts)
        return Window(centre, width)
    except ValueError:
        raise InvalidQuery("window takes centre and width in HU, and the function linear: 40,400,linear") from None


async def _parts(parts: list[Part], part_type: str, *, alone: bool) -> Response:
    if alone:
        return await streaming_response(parts[0].chunks, None, parts[0].media_type, {})
    body = MultipartBody.of(parts, part_type)
    return await streaming_response(body.chunks, None, body.media_type, {})
