"""Lung mask of one slice: air inside the body without airways and bowel gas, after closing and hole filling.

The mask is computed on a grid of at most `GRID_PX` cells a side and resampled to the slice's grid. Both lungs are about
300 mm wide, so a cell is about 2 mm, which is fine enough for every use of the mask. Sizes are in millimetres; a slice
without spacing is assumed to be `ASSUMED_FIELD_MM` wide. Slices of public data sets have no HU: for them
`lung_mask_of_grey` runs the same steps with Otsu's threshold instead of the one in HU.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GRID_PX = 192  # 256 takes 50 % more time and shifts no mask of the contact sheets by more than two cells
AIR_BELOW_HU = -400  # half way between lung (-850) and soft tissue (+40)
ASSUMED_FIELD_MM = 350.0
MIN_LUNG_CM2 = 4.0  # a smaller part is an airway, a bubble or noise
MIN_SHARE = 0.06  # of the largest part: a trachea has 2 % of the area of two lungs that are one part
MAX_PARTS = 4  # consolidation and fissures split a lung; with two parts, 2 slices of 40 lost their most diseased lobe
INSIDE_BODY = 0.7  # the foam of a table has the HU of lung (-895), but lies outside the body
LEVEL_WITH_BODY = 0.95  # where opening removes a thin chest wall, the lung extends beyond the hull sideways
INSIDE_WHEN_LEVEL = 0.3
SMALL_CM2 = 40.0
GAS_BELOW_HU = -970  # the lowest quarter of a gas bubble is below it, that of a lung above -950; bullae may be large
CLOSING_MM = 9.0  # vessels, the hilum and patches of consolidation belong to the lung
MAX_HOLE_CM2 = 25.0  # a mass of 5 cm is part of the lung; the heart between two lungs that touch is not
TABLE_MM = 5.0  # half of the thickness of the table shells and sheets that opening removes from the body

Mask = NDArray[np.bool_]
_Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class _Grid:
    """A downsampled slice: `values` in HU or grey, `air` where they are air, and the size of a cell (row, column)."""

    values: NDArray[np.float32]
    air: Mask
    cell_mm: tuple[float, float]
    gas_below: float

    @property
    def cell_cm2(self) -> float:
        return self.cell_mm[0] * self.cell_mm[1] / 100.0

    def kernel(self, radius_mm: float) -> _Bytes:
        """An ellipse of that radius, at least 3 x 3 cells."""
        rows, columns = (2 * max(1, round(radius_mm / side)) + 1 for side in self.cell_mm)
        return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (columns, rows)).astype(np.uint8)


def lung_mask(hu: NDArray[np.int16], spacing_mm: tuple[float, float] | None = None) -> Mask:
    """Lungs of one slice [rows, columns] in HU, all False when there are none. Spacing is (row, column)."""
    values = _small(hu)
    return _lungs(_Grid(values, values < AIR_BELOW_HU, _cell_mm(hu, values, spacing_mm), GAS_BELOW_HU), hu.shape)


def lung_mask_of_grey(grey: NDArray[np.uint8]) -> Mask:
    """Lungs of one slice [rows, columns] that is windowed to 8 bit already: values up to Otsu's threshold are air.

    Bowel gas is not separated from lung, since a window may clip both to one grey.
    """
    values = _small(grey)
    threshold, _ = cv2.threshold(values.astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    return _lungs(_Grid(values, values <= threshold, _cell_mm(grey, values, None), gas_below=-1.0), grey.shape)


def _small(slice_: NDArray[np.int16] | NDArray[np.uint8]) -> NDArray[np.float32]:
    scale = GRID_PX / max(slice_.shape)
    if scale >= 1.0:
        return slice_.astype(np.float32)
    rows, columns = (max(1, round(side * scale)) for side in slice_.shape)
    return cv2.resize(slice_, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)


def _cell_mm(
    slice_: NDArray[np.int16] | NDArray[np.uint8],
    values: NDArray[np.float32],
    spacing_mm: tuple[float, float] | None,
) -> tuple[float, float]:
    row_mm, column_mm = spacing_mm or (ASSUMED_FIELD_MM / slice_.shape[1],) * 2
    return row_mm * slice_.shape[0] / values.shape[0], column_mm * slice_.shape[1] / values.shape[1]


def _lungs(grid: _Grid, shape: tuple[int, ...]) -> Mask:
    lungs = np.zeros(grid.air.shape, np.uint8)
    largest = 0.0
    for cells, part in _air_inside(grid):
        if cells * grid.cell_cm2 < max(MIN_LUNG_CM2, MIN_SHARE * largest):
            break
        if not _is_gas(grid, part, cells * grid.cell_cm2):
            largest = max(largest, cells * grid.cell_cm2)
            lungs[part] = 1
    if not largest:
        return np.zeros(shape, np.bool_)
    whole = _closed_and_filled(lungs, grid.kernel(CLOSING_MM), MAX_HOLE_CM2 / grid.cell_cm2)
    return cv2.resize(whole, shape[::-1], interpolation=cv2.INTER_NEAREST).view(np.bool_)


def _air_inside(grid: _Grid) -> Iterator[tuple[int, Mask]]:
    """The largest connected parts of the air inside the body that touch no corner of the slice, the largest first.

    A lung may touch the edge of a narrow field of view; the air around a patient reaches a corner.
    """
    parts, labels = cv2.connectedComponents(grid.air.view(np.uint8), connectivity=4)
    body = _body(grid)
    position = body.astype(np.int32) + body.any(axis=1, keepdims=True)  # 2 in the body, 1 in a row of it, 0 elsewhere
    counts = np.bincount((labels + parts * position).ravel(), minlength=3 * parts).reshape(3, parts)
    cells = np.maximum(counts.sum(axis=0), 1)  # a slice that is all air has no cell of background
    inside, beside = counts[2] / cells, (counts[1] + counts[2]) / cells
    cells[inside < np.where(beside < LEVEL_WITH_BODY, INSIDE_BODY, INSIDE_WHEN_LEVEL)] = 0
    cells[[0, *labels[[0, 0, -1, -1], [0, -1, 0, -1]]]] = 0
    for label in np.argsort(-cells, kind="stable")[:MAX_PARTS]:
        if cells[label]:
            yield int(cells[label]), labels == label


def _body(grid: _Grid) -> Mask:
    """The convex hull of the large parts of the tissue that are thicker than a table's shell."""
    tissue = cv2.morphologyEx((~grid.air).view(np.uint8), cv2.MORPH_OPEN, grid.kernel(TABLE_MM))
    labels, cells = _parts(np.asarray(tissue, np.uint8))
    cells[0] = 0
    large = cells >= max(1, 0.15 * cells.max(initial=0))
    hull = np.zeros(tissue.shape, np.uint8)
    if large.any():
        cv2.fillConvexPoly(hull, cv2.convexHull(_row_ends(large.take(labels))), 1)
    return hull.view(np.bool_)


def _parts(cells: _Bytes) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """The connected parts of `cells`, labelled from 1 (0 is background), and the number of cells of each label."""
    # OpenCV's connectedComponentsWithStats computes boxes and centres too: 0.12 ms a slice, bincount 0.07 ms.
    count, labels = cv2.connectedComponents(cells, connectivity=4)
    return np.asarray(labels, np.int32), np.bincount(labels.ravel(), minlength=count)


def _row_ends(cells: Mask) -> NDArray[np.int32]:
    """First and last cell of every row as (column, row): the same convex hull from a hundredth of the points."""
    rows = np.flatnonzero(cells.any(axis=1))
    first, after_last = cells[rows].argmax(axis=1), cells.shape[1] - cells[rows, ::-1].argmax(axis=1)
    return np.concatenate([np.stack([first, rows], 1), np.stack([after_last - 1, rows], 1)]).astype(np.int32)


def _is_gas(grid: _Grid, part: Mask, cm2: float) -> bool:
    quantile = 25 if cm2 < SMALL_CM2 else 50
    values = grid.values[part]
    below, place = int(np.count_nonzero(values < grid.gas_below)), (len(values) - 1) * quantile / 100
    if below != int(place) + 1:  # both values around the percentile are on one side of the limit: 3 us, not 190
        return below > place
    return float(np.percentile(values, quantile)) < grid.gas_below


def _closed_and_filled(lungs: _Bytes, kernel: _Bytes, most_cells: float) -> _Bytes:
    rows, columns = kernel.shape[0] // 2, kernel.shape[1] // 2
    wide = cv2.copyMakeBorder(lungs, rows, rows, columns, columns, cv2.BORDER_CONSTANT, value=0)
    closed = np.asarray(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, kernel), np.uint8)
    labels, cells = _parts(1 - closed)
    holes = cells <= most_cells
    holes[[0, labels[0, 0]]] = False
    filled = closed | holes.take(labels) if holes.any() else closed  # one slice in sixteen has a hole
    return np.asarray(filled[rows:-rows, columns:-columns], np.uint8)
