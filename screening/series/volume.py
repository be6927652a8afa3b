"""A stack as a volume: sorted slices, their geometry, and HU decoded one slice at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from screening.dicom.decoding import stored_values
from screening.dicom.geometry import (
    Geometry,
    distances_along_normal_mm,
    geometry_of_slices,
    shear_deg,
    sort_by_position,
    steps_mm,
)
from screening.dicom.hu import to_hu
from screening.dicom.slice_header import SliceHeader

IRREGULAR = 0.1  # of the median step; positions are often rounded to 0.1 mm
MIN_TILT_DEG = 1.0  # a smaller tilt gives no warning


@dataclass(frozen=True)
class Volume:
    """Slices from the feet to the head, with their geometry and warnings about them."""

    study_uid: str
    series_uid: str
    slices: tuple[SliceHeader, ...] = field(repr=False)
    geometry: Geometry
    warnings: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.slices) != self.geometry.shape[0]:
            raise ValueError("a volume needs one slice for each position of its geometry")

    @classmethod
    def of(cls, slices: Sequence[SliceHeader], left_out: Sequence[str] = ()) -> "Volume":
        """The volume of slices in any order; raises a GeometryError when one has no position or spacing.

        `left_out` are warnings on what of the series is not in it.
        """
        ordered = sort_by_position(slices)
        warnings = (*left_out, *_warnings(slices, ordered))
        return cls(ordered[0].study_uid, ordered[0].series_uid, ordered, geometry_of_slices(ordered), warnings)

    def __len__(self) -> int:
        return len(self.slices)

    @cached_property
    def heights_mm(self) -> tuple[float, ...]:
        """The distance of each slice from the first one along the normal; ascending."""
        distances = distances_along_normal_mm(self.slices)
        return tuple(np.abs(distances - distances[0]).tolist())

    def hu(self, index: int) -> NDArray[np.int16]:
        """HU of one slice [rows, columns], decoded on each call; padding and values below -1024 become -1024.

        Raises a PixelError.
        """
        header = self.slices[index]
        return to_hu(stored_values(header), header.rescale)


def _warnings(slices: Sequence[SliceHeader], ordered: Sequence[SliceHeader]) -> Iterator[str]:
    steps = steps_mm(ordered)
    median_mm = float(np.median(steps))
    if len(ordered) < len(slices):
        yield f"{len(slices) - len(ordered)} slice(s) have the position of another one; one for each position is used."
    if float(np.abs(steps - median_mm).max()) > IRREGULAR * median_mm:
        yield f"The slices are not evenly spaced: the steps are {steps.min():.2f} to {steps.max():.2f} mm."
    shear, declared = shear_deg(ordered), ordered[0].gantry_tilt_deg
    if shear > MIN_TILT_DEG:
        yield f"The gantry was tilted: the slices are sheared by {shear:.1f} degrees."
    elif abs(declared) > MIN_TILT_DEG:
        yield f"The header declares a gantry tilt of {declared:.1f} degrees, but the slices are not sheared."
