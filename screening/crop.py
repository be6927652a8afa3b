"""The crop: the square of a slice that a view shows, and the mapping from a view to the slice and the patient.

The box of the lungs is widened to a square in millimetres around its centre, so that a nodule stays round with any
pixel aspect ratio. Where the square extends beyond the slice, a view shows air. A view is flipped so that the patient's
left is on the right and posterior is down; most scanners store slices so, but not those of a prone patient. The centre
of pixel (0, 0) is (0.0, 0.0) (PS3.3 C.7.6.2.1.1), so this pixel reaches from -0.5 to 0.5.
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

    The rows and columns may lie outside the slice. `upside_down` reverses the rows, `mirrored` the columns.
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
        """The square around the box; spacing is (between rows, between columns)."""
        row0, row1, column0, column1 = box
        side_mm = max((row1 - row0) * spacing_mm[0], (column1 - column0) * spacing_mm[1])
        return cls(
            *_widened(row0, row1, side_mm / spacing_mm[0]), *_widened(column0, column1, side_mm / spacing_mm[1]), size
        )

    def oriented(self, affine_lps: NDArray[np.float64]) -> "Crop":
        """This crop, flipped to show the patient's left on the right and posterior down, in a volume of this affine."""
        return replace(self, upside_down=bool(affine_lps[1, 1] < 0), mirrored=bool(affine_lps[0, 0] < 0))

    def of(self, slice_: NDArray[Pixel], outside: int) -> NDArray[Pixel]:
        """The crop of a slice [rows, columns] at the slice's resolution; `outside` fills what is beyond the slice."""
        crop = np.full((self.row1 - self.row0, self.column1 - self.column0), outside, slice_.dtype)
        crop[self._part_of_crop(slice_.shape)] = slice_[self._part_of_slice(slice_.shape)]
        return self._flipped(crop)

    def resized(self, slice_: NDArray[Pixel], outside: int) -> NDArray[Pixel]:
        """The crop as [size, size]: area average when it shrinks, linear interpolation when it grows."""
        crop = self.of(slice_, outside)
        method = cv2.INTER_AREA if min(crop.shape) >= self.size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(crop, (self.size, self.size), interpolation=method), slice_.dtype)

    def to_slice(self, row: float, column: float) -> tuple[float, float]:
        """Row and column of the slice at this row and column of the view."""
        return (
            self._slice_coordinate(row, self.row0, self.row1, self.upside_down),
            self._slice_coordinate(column, self.column0, self.column1, self.mirrored),
        )

    def to_patient(
        self, affine_lps: NDArray[np.float64], slice_index: float, row: float, column: float
    ) -> NDArray[np.float64]:
        """The point of the view in the patient's LPS coordinates, in mm."""
        slice_row, slice_column = self.to_slice(row, column)
        return (affine_lps @ (slice_column, slice_row, slice_index, 1.0))[:3]

    def map_on_slice(self, map_: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
        """A map of the view, of any size, resampled to a slice of `shape`; 0 outside the crop."""
        rows, columns = self.row1 - self.row0, self.column1 - self.column0
        resized = self._flipped(
            np.asarray(cv2.resize(map_, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
        )
        slice_ = np.zeros(shape, np.float32)
        slice_[self._part_of_slice(shape)] = resized[self._part_of_crop(shape)]
        return slice_

    def _part_of_slice(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """The rows and columns of a slice of `shape` that lie in the crop."""
        return _overlap(self.row0, self.row1, shape[0]), _overlap(self.column0, self.column1, shape[1])

    def _part_of_crop(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """The same pixels as rows and columns of the crop."""
        rows, columns = self._part_of_slice(shape)
        return (
            slice(rows.start - self.row0, rows.stop - self.row0),
            slice(columns.start - self.column0, columns.stop - self.column0),
        )

    def _flipped(self, crop: NDArray[Pixel]) -> NDArray[Pixel]:
        return np.ascontiguousarray(crop[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1])

    def _slice_coordinate(self, view: float, start: int, end: int, flipped: bool) -> float:
        fraction = (view + 0.5) / self.size
        return start + (1.0 - fraction if flipped else fraction) * (end - start) - 0.5


def _overlap(start: int, end: int, count: int) -> slice:
    first = max(0, start)
    return slice(first, max(first, min(end, count)))


def _widened(start: int, end: int, side: float) -> tuple[int, int]:
    pixels = max(end - start, round(side))
    first = start - (pixels - (end - start)) // 2
    return first, first + pixels
