"""The crop: the square of a slice that a view shows, and the mapping from a view to the slice and the patient.

The box of the lungs is widened to a square in millimetres around its centre, so that a nodule stays round with any
pixel aspect ratio. Where the square extends beyond the slice, a view shows air. A view is upright
(`InPlaneOrientation`), so a patient who is prone or on the side looks to the networks as one who is supine. The centre
of pixel (0, 0) is (0.0, 0.0) (PS3.3 C.7.6.2.1.1), so this pixel reaches from -0.5 to 0.5.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.lungs.in_plane_orientation import STANDARD, InPlaneOrientation
from screening.lungs.lung_extent import Box

Pixel = TypeVar("Pixel", np.int16, np.uint8, np.float32)


@dataclass(frozen=True)
class Crop:
    """Rows `row0` to `row1` and columns `column0` to `column1` (excluded), shown as `size` x `size` view pixels.

    The rows and columns are the slice's and may lie outside it; the view shows them in `orientation`.
    """

    row0: int
    row1: int
    column0: int
    column1: int
    size: int
    orientation: InPlaneOrientation = STANDARD

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
        """This crop, turned to show the patient's left on the right and posterior down, in a volume of this affine."""
        return replace(self, orientation=InPlaneOrientation.of(affine_lps))

    def of(self, slice_: NDArray[Pixel], outside: int) -> NDArray[Pixel]:
        """The crop of a slice [rows, columns] at the slice's resolution; `outside` fills what is beyond the slice."""
        crop = np.full((self.row1 - self.row0, self.column1 - self.column0), outside, slice_.dtype)
        crop[self._part_of_crop(slice_.shape)] = slice_[self._part_of_slice(slice_.shape)]
        return np.ascontiguousarray(self.orientation.upright(crop))

    def resized(self, slice_: NDArray[Pixel], outside: int) -> NDArray[Pixel]:
        """The crop as [size, size]: area average when it shrinks, linear interpolation when it grows."""
        crop = self.of(slice_, outside)
        method = cv2.INTER_AREA if min(crop.shape) >= self.size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(crop, (self.size, self.size), interpolation=method), slice_.dtype)

    def to_slice(self, row: float, column: float) -> tuple[float, float]:
        """Row and column of the slice at this row and column of the view."""
        turned = self.orientation
        along_rows, along_columns = (row + 0.5) / self.size, (column + 0.5) / self.size
        along_rows = 1.0 - along_rows if turned.upside_down else along_rows
        along_columns = 1.0 - along_columns if turned.mirrored else along_columns
        if turned.transposed:
            along_rows, along_columns = along_columns, along_rows
        return (
            self.row0 + along_rows * (self.row1 - self.row0) - 0.5,
            self.column0 + along_columns * (self.column1 - self.column0) - 0.5,
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
        as_stored = np.ascontiguousarray(self.orientation.back(map_))
        resized = np.asarray(cv2.resize(as_stored, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
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


def _overlap(start: int, end: int, count: int) -> slice:
    first = max(0, start)
    return slice(first, max(first, min(end, count)))


def _widened(start: int, end: int, side: float) -> tuple[int, int]:
    pixels = max(end - start, round(side))
    first = start - (pixels - (end - start)) // 2
    return first, first + pixels
