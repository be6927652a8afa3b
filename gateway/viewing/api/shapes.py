"""Response bodies of viewing: the displayed series, its candidates, windows and geometry."""

from typing import Any, Self

import numpy as np
from pydantic import BaseModel, Field

from gateway.records.free_text import without_free_text
from gateway.viewing.viewing import Series
from screening.series.volume import Volume
from screening.views.display_window import PRESETS
from screening.views.nifti_writing import coarse_affine

Vector = tuple[float, float, float]


class CandidateSeries(BaseModel):
    """A candidate series."""

    series_uid: str
    slices: int
    kernel: str = Field(description="Convolution Kernel; empty for who may not see names, as any free text.")
    spacing_mm: float | None
    chosen: bool
    reason: str = Field(description="A stable code.")
    explanation: str


class DisplayWindow(BaseModel):
    """A display window for an organ."""

    name: str
    center_hu: float
    width_hu: float


class SliceGrid(BaseModel):
    """The geometry of the slices, in the patient's LPS coordinates in mm. Slice 0 is the lowest along the normal."""

    series_uid: str
    shape: tuple[int, int, int] = Field(description="Slices, rows, columns.")
    spacing_mm: Vector = Field(description="Between slices, rows, columns.")
    row_direction: Vector = Field(description="Along a row, as a unit vector.")
    column_direction: Vector = Field(description="Down a column, as a unit vector.")
    affine_ras: list[list[float]] = Field(description="(column, row, slice, 1) to RAS in mm, as in volume.nii.gz.")
    positions_mm: list[Vector | None] = Field(description="Centre of the first pixel of every slice.")


class SeriesResponse(BaseModel):
    """The displayed series of a scan."""

    study_uid: str
    study_uids: list[str] = Field(description="Every study of the upload that can be displayed.")
    candidates: list[CandidateSeries]
    warnings: list[str]
    grid: SliceGrid
    windows: list[DisplayWindow]
    key_slice: int | None = Field(
        description="The slice with the highest score, or the 3D expert's; null without a report."
    )
    seen_slices: list[int] = Field(description="The slices that the networks screened; empty without a report.")

    @classmethod
    def of(cls, series: Series, *, sees_names: bool) -> Self:
        displayed = series.displayed
        candidates = [vars(one) for one in displayed.candidates]
        return cls(
            study_uid=displayed.volume.study_uid,
            study_uids=list(displayed.study_uids),
            candidates=[
                CandidateSeries.model_validate(one)
                for one in (candidates if sees_names else without_free_text(candidates))
            ],
            warnings=list(displayed.warnings),
            grid=_grid(displayed.volume),
            windows=[DisplayWindow(name=name, **vars(window)) for name, window in PRESETS.items()],
            key_slice=series.key_slice,
            seen_slices=list(series.seen_slices),
        )


def _grid(volume: Volume) -> SliceGrid:
    geometry = volume.geometry
    along = [_rounded(axis / np.linalg.norm(axis)) for axis in geometry.affine_lps[:3, :2].T]
    return SliceGrid(
        series_uid=volume.series_uid,
        shape=geometry.shape,
        spacing_mm=geometry.spacing_mm,
        row_direction=along[0],
        column_direction=along[1],
        affine_ras=coarse_affine(geometry, 1).tolist(),
        positions_mm=[one.position and _rounded(one.position) for one in volume.slices],
    )


def _rounded(vector: Any) -> Vector:
    x, y, z = (round(float(part), 4) for part in vector)
    return x, y, z
