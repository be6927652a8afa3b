"""Looking at scans: series, slices, volumes, heatmaps, lungs and thumbnails under /api/scans/{id}."""

import hashlib
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AfterValidator

from gateway.http.authorization import Context, requires
from gateway.http.ranges import PRIVATE, has_it, not_modified, streamed
from gateway.http.response_shapes import Problem
from gateway.permissions import Scope
from gateway.principal import Principal
from gateway.viewing.api.shapes import SeriesShown
from gateway.viewing.render_cache import Kept
from gateway.viewing.scan_access import Opened
from gateway.viewing.viewing import VERSION, Viewing
from screening.display_window import LUNG, Window
from screening.evidence import Kind

STEPS: Final = (1, 2, 4)
PNG: Final = "image/png"
NIFTI: Final = "application/gzip"
BINARY: Final = "application/octet-stream"
WIDEST_HU: Final = 65_536


def _step(step: int) -> int:
    if step not in STEPS:
        raise ValueError("1, 2 or 4")
    return step


Viewer = Annotated[Principal, requires(Scope.SCANS_READ)]
StudyUid = Annotated[
    str | None,
    Query(pattern=r"^[0-9.]+$", max_length=64, description="Of an upload with several studies; the report's first."),
]
Step = Annotated[
    int,
    AfterValidator(_step),
    Query(json_schema_extra={"enum": list(STEPS)}, description="Every step-th slice, cells of step x step pixels."),
]
Number = Annotated[int, Path(ge=0, le=10**6, description="From 0, the lowest slice along the normal.")]
Hu = Query(ge=-WIDEST_HU, le=WIDEST_HU, allow_inf_nan=False)


class SliceFormat(StrEnum):
    """A window of 8 bit for the eye, or int16 HU."""

    PNG = "png"
    RAW = "raw"


def _gives(*kinds: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}},
        304: {"description": "The client has it"},
        404: {"model": Problem, "description": "No such scan, study or slice: not_found; or no_report"},
        415: {"model": Problem, "description": "No study: not_dicom"},
        413: {"model": Problem, "description": "The upload holds more than is read: over_budget"},
        422: {"model": Problem, "description": "It cannot be read; `error` says why, as for an analysis"},
        504: {"model": Problem, "description": "No decode worker was free in time: engine_deadline"},
        507: {"model": Problem, "description": "There is no room to keep it: storage_full"},
    }


def viewing_router(viewing: Viewing) -> APIRouter:
    """What can be seen of the resource `scans`."""
    router = APIRouter(prefix="/api/scans/{scan_id}", tags=["viewing"])
    _add_series(router, viewing)
    _add_slices(router, viewing)
    _add_volumes(router, viewing)
    return router


def _add_series(router: APIRouter, viewing: Viewing) -> None:
    @router.get("/series", response_model=SeriesShown, responses=_gives(), summary="The series that is shown")
    async def series(request: Request, opened: Annotated[Opened, _opening(viewing, "series")]) -> Response:
        """Every candidate with the reason for its place; of the one that is shown, where its slices lie."""
        tag = _tag(opened, "series", opened.evidence_key)
        if has_it(request, tag):
            return not_modified(tag)
        shown = SeriesShown.of(await viewing.series(opened))
        return Response(shown.model_dump_json(), headers=_headers(tag), media_type="application/json")

    @router.get("/thumbnail.png", response_class=Response, responses=_gives(PNG), summary="The key slice, small")
    async def thumbnail(request: Request, opened: Annotated[Opened, _opening(viewing, "thumbnail")]) -> Response:
        """In the lung window, the patient's left on the right; the middle slice while there is no report."""
        tag = _tag(opened, "thumbnail", opened.evidence_key)
        if has_it(request, tag):
            return not_modified(tag)
        return Response(await viewing.thumbnail(opened), headers=_headers(tag), media_type=PNG)


def _add_slices(router: APIRouter, viewing: Viewing) -> None:
    @router.get("/slices/{number}", response_class=Response, responses=_gives(PNG, BINARY), summary="One slice")
    async def slice_(
        request: Request,
        opened: Annotated[Opened, _opening(viewing, "slices")],
        number: Number,
        format: SliceFormat = SliceFormat.PNG,  # noqa: A002 - the parameter's name in the address
        center: Annotated[float, Hu] = LUNG.center_hu,
        width: Annotated[float, Query(gt=1, le=WIDEST_HU, allow_inf_nan=False)] = LUNG.width_hu,
    ) -> Response:
        """PNG in a window (HU), or `raw`: HU as int16, little endian, with X-Shape: rows,columns. Rows as stored."""
        window = Window(center, width)
        tag = _tag(opened, "slice", number, format, window)
        if has_it(request, tag):
            return not_modified(tag)
        headers = _headers(tag)
        if format is SliceFormat.PNG:
            return Response(await viewing.png_slice(opened, number, window), headers=headers, media_type=PNG)
        data, (rows, columns) = await viewing.raw_slice(opened, number)
        return Response(data, headers=headers | {"X-Shape": f"{rows},{columns}"}, media_type=BINARY)


def _add_volumes(router: APIRouter, viewing: Viewing) -> None:
    @router.get("/volume.nii.gz", response_class=Response, responses=_gives(NIFTI), summary="The series as NIfTI")
    async def volume(
        request: Request, opened: Annotated[Opened, _opening(viewing, "volume")], step: Step = 1
    ) -> Response:
        """HU as int16; the affine maps to the patient's RAS in mm, at every step to the same places."""
        tag = _tag(opened, "volume", step)
        return await _volume(request, viewing, tag, lambda: viewing.volume(opened, step))

    @router.get("/lungs.nii.gz", response_class=Response, responses=_gives(NIFTI), summary="The lung mask as NIfTI")
    async def lungs(
        request: Request, opened: Annotated[Opened, _opening(viewing, "lungs")], step: Step = 1
    ) -> Response:
        """1 inside the lungs, for every slice of the series."""
        tag = _tag(opened, "lungs", step)
        return await _volume(request, viewing, tag, lambda: viewing.lungs(opened, step))

    @router.get("/heatmap.nii.gz", response_class=Response, responses=_gives(NIFTI), summary="Where suspicion lies")
    async def heatmap(
        request: Request,
        opened: Annotated[Opened, _opening(viewing, "heatmap")],
        kind: Kind = Kind.ACTIVATION,
        step: Step = 1,
    ) -> Response:
        """One network's map in the newest report, 0 to 1 of its range over the study.

        A slice that the networks did not see has the map of the one that stands for it; beyond those it is 0.
        """
        tag = _tag(opened, "heatmap", opened.evidence_key, kind, step)
        return await _volume(request, viewing, tag, lambda: viewing.heatmap(opened, kind, step))


def _opening(viewing: Viewing, what: str) -> Any:
    """A dependency that gives the scan, opened to look at `what`."""

    async def opened(principal: Viewer, context: Context, scan_id: UUID, study_uid: StudyUid = None) -> Opened:
        return await viewing.opening(principal, context, scan_id, what, study_uid)

    return Depends(opened)


async def _volume(request: Request, viewing: Viewing, tag: str, make: Callable[[], Awaitable[Kept]]) -> Response:
    if has_it(request, tag):
        return not_modified(tag)
    kept = await make()
    return await streamed(viewing.read(kept), kept.size, NIFTI, _headers(tag))


def _headers(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": PRIVATE}


def _tag(opened: Opened, *parts: object) -> str:
    """By what is shown and how: the same parts give the same bytes, so they need not be made to be known."""
    told = "\0".join(map(str, (VERSION, opened.sha256, opened.study_uid, opened.by_name, *parts)))
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'
