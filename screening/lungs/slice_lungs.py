"""Where the lungs are in one slice, on the lung mask's grid of at most `GRID_PX` a side."""

from dataclasses import dataclass, field
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.lungs.in_plane_orientation import STANDARD, InPlaneOrientation
from screening.lungs.lung_mask import GRID_PX, lung_mask

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SliceLungs:
    """`blank`: one value in all pixels, so nothing was seen there."""

    blank: bool
    lungs: Mask = field(repr=False)

    def lungs_on(self, shape: tuple[int, int]) -> Mask:
        """The lung mask on the slice's own grid [rows, columns]."""
        return cv2.resize(self.lungs.view(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST).view(np.bool_)


@dataclass(frozen=True)
class UprightSlice:
    """A slice with the patient's left right and the back down, on the grid of its lung mask.

    `hu` int16 and `lungs` [rows, columns]; `cell_mm` is the size of a cell (row, column); `blank` as in SliceLungs.
    """

    hu: NDArray[np.int16] = field(repr=False)
    cell_mm: tuple[float, float]
    blank: bool
    lungs: Mask = field(repr=False)

    @classmethod
    def of(cls, hu: NDArray[np.int16], spacing_mm: tuple[float, float], orientation: InPlaneOrientation) -> Self:
        """Of a slice [rows, columns] in HU; spacing is (row, column)."""
        small, cell_mm = _small(hu, spacing_mm)
        blank = bool(small.min() == small.max() and hu.min() == hu.max())
        # The mask is made of the upright slice: it judges what lies beside the body otherwise than what lies behind it.
        upright, cell_mm = np.ascontiguousarray(orientation.upright(small)), orientation.upright_pair(cell_mm)
        return cls(upright, cell_mm, blank, np.zeros_like(upright, np.bool_) if blank else lung_mask(upright, cell_mm))

    def lungs_in(self, orientation: InPlaneOrientation) -> Mask:
        """The lungs as the slice is stored."""
        return np.ascontiguousarray(orientation.back(self.lungs))


def slice_lungs(
    hu: NDArray[np.int16], spacing_mm: tuple[float, float], orientation: InPlaneOrientation = STANDARD
) -> SliceLungs:
    """The lungs of a slice [rows, columns] in HU; spacing is (row, column)."""
    upright = UprightSlice.of(hu, spacing_mm, orientation)
    return SliceLungs(upright.blank, upright.lungs_in(orientation))


def _small(hu: NDArray[np.int16], spacing_mm: tuple[float, float]) -> tuple[NDArray[np.int16], tuple[float, float]]:
    scale = GRID_PX / max(hu.shape)
    if scale >= 1.0:
        return hu, spacing_mm
    rows, columns = (max(1, round(side * scale)) for side in hu.shape)
    small = np.asarray(cv2.resize(hu, (columns, rows), interpolation=cv2.INTER_AREA), np.int16)
    return small, (spacing_mm[0] * hu.shape[0] / rows, spacing_mm[1] * hu.shape[1] / columns)
