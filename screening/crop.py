"""The crop: the square of a slice that a view shows, and the way from a view back to the slice and the patient.

The box of the lungs is widened to a square in millimetres around its centre, so that a nodule stays round whatever
the pixels' aspect; where the square leaves the slice, a view shows air. A view is turned so that the patient's left is
right and the back is down, as most scanners store it, but not for a patient who lies prone. Pixel (0, 0) has its
centre at (0.0, 0.0) (PS3.3 C.7.6.2.1.1), so it reaches from -0.5 to 0.5.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.lungs import Box

Pixel = TypeVar("Pixel", np.int16, np.uint8, np.float32)


@dataclass(frozen=True)
class Crop:
    """Rows `row0` to `row1` and columns `column0` to `column1` (excluded), shown as `size` x `size` view pixels.

    The rows and columns may lie outside the slice. `upside_down` and `mirrored` turn the rows and the columns.
    """

    row0: int
    row1: int
    column0: int
    column1: int
    size: int
    upside_down: bool = False
    mirrored: bool = False

    def __post_init__(self) -> None:
        if self.row1 <= self.row0 or self.column1 <= self.column0 or self.size < 1:
            raise ValueError("a crop needs rows, columns and a size")

    @classmethod
    def around(cls, box: Box, size: int, spacing_mm: tuple[float, float] = (1.0, 1.0)) -> "Crop":
        """The square around the box; spacing is (row, column)."""
        row0, row1, column0, column1 = box
        side_mm = max((row1 - row0) * spacing_mm[0], (column1 - column0) * spacing_mm[1])
        return cls(
            *_widened(row0, row1, side_mm / spacing_mm[0]), *_widened(column0, column1, side_mm / spacing_mm[1]), size
        )

    def turned(self, affine_lps: NDArray[np.float64]) -> "Crop":
        """The crop that shows a slice of this volume with the patient's left right and the back down."""
        return replace(self, upside_down=bool(affine_lps[1, 1] < 0), mirrored=bool(affine_lps[0, 0] < 0))

    def of(self, slice_: NDArray[Pixel], outside: int) -> NDArray[Pixel]:
        """The crop of a slice [rows, columns] at its own resolution."""
        shown = np.full((self.row1 - self.row0, self.column1 - self.column0), outside, slice_.dtype)
        shown[self._seeing(slice_.shape)] = slice_[self._seen(slice_.shape)]
        return self._turn(shown)

    def resized(self, slice_: NDArray[Pixel], outside: int) -> NDArray[Pixel]:
        """The crop at the view's size: areas are averaged when it shrinks, lines interpolated when it grows."""
        crop = self.of(slice_, outside)
        method = cv2.INTER_AREA if min(crop.shape) >= self.size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(crop, (self.size, self.size), interpolation=method), slice_.dtype)

    def to_slice(self, row: float, column: float) -> tuple[float, float]:
        """Row and column of the slice that lie under this place of the view."""
        return (
            self._back(row, self.row0, self.row1, self.upside_down),
            self._back(column, self.column0, self.column1, self.mirrored),
        )

    def to_patient(
        self, affine_lps: NDArray[np.float64], slice_index: float, row: float, column: float
    ) -> NDArray[np.float64]:
        """A place of the view in the patient's LPS, in mm."""
        slice_row, slice_column = self.to_slice(row, column)
        return (affine_lps @ (slice_column, slice_row, slice_index, 1.0))[:3]

    def placed(self, map_: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
        """A map of the view, with any number of cells, on a slice of `shape`; 0 outside the crop."""
        rows, columns = self.row1 - self.row0, self.column1 - self.column0
        spread = self._turn(np.asarray(cv2.resize(map_, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32))
        slice_ = np.zeros(shape, np.float32)
        slice_[self._seen(shape)] = spread[self._seeing(shape)]
        return slice_

    def _seen(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """The part of a slice of `shape` that lies in the crop."""
        return _overlap(self.row0, self.row1, shape[0]), _overlap(self.column0, self.column1, shape[1])

    def _seeing(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """The same part, as rows and columns of the crop."""
        rows, columns = self._seen(shape)
        return (
            slice(rows.start - self.row0, rows.stop - self.row0),
            slice(columns.start - self.column0, columns.stop - self.column0),
        )

    def _turn(self, crop: NDArray[Pixel]) -> NDArray[Pixel]:
        turned = crop[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]
        return np.ascontiguousarray(turned)

    def _back(self, view: float, start: int, end: int, turned: bool) -> float:
        share = (view + 0.5) / self.size
        return start + (1.0 - share if turned else share) * (end - start) - 0.5


def _overlap(start: int, end: int, count: int) -> slice:
    first = max(0, start)
    return slice(first, max(first, min(end, count)))


def _widened(start: int, end: int, side: float) -> tuple[int, int]:
    pixels = max(end - start, round(side))
    first = start - (pixels - (end - start)) // 2
    return first, first + pixels
