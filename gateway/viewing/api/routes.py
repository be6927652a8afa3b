"""The HTTP calls of viewing: series, slices, volumes, lung masks, heatmaps and thumbnails under /api/scans/{id}."""

import hashlib
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AfterValidator

from gateway.http.authorization import Context, requires
from gateway.http.concurrency_limit import STREAM_LIMIT
from gateway.http.ranges import CACHE_PRIVATE, is_cached, not_modified, streaming_response
from gateway.http.response_shapes import Problem
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.records.api.deleted_scans import not_found_if_deleted
from gateway.viewing.api.shapes import SeriesResponse
from gateway.viewing.render_cache import StoredRendering
from gateway.viewing.scan_access import OpenedScan
from gateway.viewing.viewing import VERSION, Viewing
from screening.results.evidence import MapKind
from screening.views.display_window import LUNG, Window

STEPS: Final = (1, 2, 4)
PNG: Final = "image/png"
NIFTI: Final = "application/gzip"
BINARY: Final = "application/octet-stream"
MAX_HU: Final = 65_536


def _step(step: int) -> int:
    if step not in STEPS:
        raise ValueError("1, 2 or 4")
    return step


Viewer = Annotated[Principal, requires(Scope.SCANS_READ)]
StudyUid = Annotated[
    str | None,
    Query(pattern=r"^[0-9.]+$", max_length=64, description="A study of the upload; by default that of the report."),
]
Step = Annotated[
    int,
    AfterValidator(_step),
    Query(json_schema_extra={"enum": list(STEPS)}, description="Every step-th slice, cells of step x step pixels."),
]
Number = Annotated[int, Path(ge=0, le=10**6, description="From 0, the lowest slice along the normal.")]
Hu = Query(ge=-MAX_HU, le=MAX_HU, allow_inf_nan=False)


class SliceFormat(StrEnum):
    """8 bits in a display window, or int16 HU."""

    PNG = "png"
    RAW = "raw"


def _responses(*kinds: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}},
        304: {"description": "Not modified: the client has it"},
        404: {"model": Problem, "description": "No such scan, study or slice: not_found; or no_report"},
        415: {"model": Problem, "description": "No study: not_dicom"},
        413: {"model": Problem, "description": "The upload holds more than is read: over_budget"},
        422: {"model": Problem, "description": "It cannot be read; `error` says why, as for an analysis"},
        504: {"model": Problem, "description": "No decode worker was free in time: engine_deadline"},
        507: {"model": Problem, "description": "The storage is full: storage_full"},
    }


def viewing_router(viewing: Viewing) -> APIRouter:
    """The views of the resource `scans`."""
    deleted = not_found_if_deleted(viewing.access.database)
    router = APIRouter(prefix="/api/scans/{scan_id}", tags=["viewing"], dependencies=[deleted])
    _add_series(router, viewing)
    _add_slices(router, viewing)
    _add_volumes(router, viewing)
    return router


def _add_series(router: APIRouter, viewing: Viewing) -> None:
    @router.get("/series", response_model=SeriesResponse, responses=_responses(), summary="The displayed series")
    async def series(
        request: Request, principal: Viewer, opened: Annotated[OpenedScan, _open_scan(viewing, "series")]
    ) -> Response:
        """Every candidate series with the reason for its rank; of the displayed one, the geometry of its slices."""
        tag = _tag(opened, "series", opened.evidence_key, principal.sees_names)
        if is_cached(request, tag):
            return not_modified(tag)
        response = SeriesResponse.of(await viewing.series(opened), sees_names=principal.sees_names)
        return Response(response.model_dump_json(), headers=_headers(tag), media_type="application/json")

    @router.get(
        "/thumbnail.png", response_class=Response, responses=_responses(PNG), summary="The key slice as a thumbnail"
    )
    async def thumbnail(request: Request, opened: Annotated[OpenedScan, _open_scan(viewing, "thumbnail")]) -> Response:
        """In the lung window, the patient's left on the right; the middle slice until there is a report."""
        tag = _tag(opened, "thumbnail", opened.evidence_key)
        if is_cached(request, tag):
            return not_modified(tag)
        return Response(await viewing.thumbnail(opened), headers=_headers(tag), media_type=PNG)


def _add_slices(router: APIRouter, viewing: Viewing) -> None:
    @router.get("/slices/{number}", response_class=Response, responses=_responses(PNG, BINARY), summary="One slice")
    async def slice_(
        request: Request,
        opened: Annotated[OpenedScan, _open_scan(viewing, "slices")],
        number: Number,
        format: SliceFormat = SliceFormat.PNG,  # noqa: A002 - the parameter's name in the address
        center: Annotated[float, Hu] = LUNG.center_hu,
        width: Annotated[float, Query(gt=1, le=MAX_HU, allow_inf_nan=False)] = LUNG.width_hu,
    ) -> Response:
        """PNG in a window (HU), or `raw`: HU as int16, little endian, with X-Shape: rows,columns. Rows as stored."""
        window = Window(center, width)
        tag = _tag(opened, "slice", number, format, window)
        if is_cached(request, tag):
            return not_modified(tag)
        headers = _headers(tag)
        if format is SliceFormat.PNG:
            return Response(await viewing.png_slice(opened, number, window), headers=headers, media_type=PNG)
        data, (rows, columns) = await viewing.raw_slice(opened, number)
        return Response(data, headers=headers | {"X-Shape": f"{rows},{columns}"}, media_type=BINARY)


def _add_volumes(router: APIRouter, viewing: Viewing) -> None:
    @router.get(
        "/volume.nii.gz",
        response_class=Response,
        responses=_responses(NIFTI),
        summary="The series as NIfTI",
        dependencies=[STREAM_LIMIT],
    )
    async def volume(
        request: Request, opened: Annotated[OpenedScan, _open_scan(viewing, "volume")], step: Step = 1
    ) -> Response:
        """HU as int16; the affine maps voxels to the patient's RAS coordinates in mm, whatever the step."""
        tag = _tag(opened, "volume", step)
        return await _nifti_response(request, viewing, tag, lambda: viewing.volume(opened, step))

    @router.get(
        "/lungs.nii.gz",
        response_class=Response,
        responses=_responses(NIFTI),
        summary="The lung mask as NIfTI",
        dependencies=[STREAM_LIMIT],
    )
    async def lungs(
        request: Request, opened: Annotated[OpenedScan, _open_scan(viewing, "lungs")], step: Step = 1
    ) -> Response:
        """1 inside the lungs, for every slice of the series."""
        tag = _tag(opened, "lungs", step)
        return await _nifti_response(request, viewing, tag, lambda: viewing.lungs(opened, step))

    @router.get(
        "/heatmap.nii.gz",
        response_class=Response,
        responses=_responses(NIFTI),
        summary="The heatmap of a network as NIfTI",
        dependencies=[STREAM_LIMIT],
    )
    async def heatmap(
        request: Request,
        opened: Annotated[OpenedScan, _open_scan(viewing, "heatmap")],
        kind: MapKind = MapKind.ACTIVATION,
        step: Step = 1,
    ) -> Response:
        """The heatmap of one network in the newest report, 0 to 1 of its range over the study.

        A slice that was not screened has the map of the nearest screened one; outside their range the map is 0.
        """
        tag = _tag(opened, "heatmap", opened.evidence_key, kind, step)
        return await _nifti_response(request, viewing, tag, lambda: viewing.heatmap(opened, kind, step))


def _open_scan(viewing: Viewing, what: str) -> Any:
    """A dependency that opens the scan to view `what`."""

    async def opened(principal: Viewer, context: Context, scan_id: UUID, study_uid: StudyUid = None) -> OpenedScan:
        return await viewing.access.open(principal, context, scan_id, what, study_uid)

    return Depends(opened)


async def _nifti_response(
    request: Request, viewing: Viewing, tag: str, make: Callable[[], Awaitable[StoredRendering]]
) -> Response:
    if is_cached(request, tag):
        return not_modified(tag)
    stored = await make()
    return await streaming_response(viewing.read(stored), stored.size, NIFTI, _headers(tag))


def _headers(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": CACHE_PRIVATE}


def _tag(opened: OpenedScan, *parts: object) -> str:
    """An ETag of everything that the bytes depend on, so that it is known before they are rendered."""
    parts_text = "\0".join(map(str, (VERSION, opened.sha256, opened.study_uid, opened.by_study_uid, *parts)))
    return f'"{hashlib.sha256(parts_text.encode()).hexdigest()[:32]}"'
