"""The suspicious region: the cells that the box of a report encloses, as a mask of voxels on each slice of the box.

It is made again from the evidence, by the rule of `screening.results.localisation`; a slice that no network saw has the
cells of the nearest one that was seen. Its bounding box is the report's box, voxel for voxel.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from screening.results.evidence import Evidence, MapKind
from screening.results.localisation import Localisation, cell_edges, peak_component, voxels_between

Mask = NDArray[np.bool_]


def suspicious_region(evidence: Evidence, box: Localisation) -> dict[int, Mask]:
    """Slice index -> mask [rows, columns], for every slice of the box.

    Where the evidence does not give the box (a report of an earlier version), the whole box is the region.
    """
    numbers = [number for number, index in enumerate(evidence.slice_indices) if box.z[0] <= index <= box.z[1]]
    seen = {number: _cells_on_slice(evidence, number) for number in numbers}
    if not seen or _extent(np.logical_or.reduce(list(seen.values()))) != (box.y, box.x):
        whole = np.zeros(evidence.geometry.shape[1:], np.bool_)
        whole[box.y[0] : box.y[1] + 1, box.x[0] : box.x[1] + 1] = True
        return dict.fromkeys(range(box.z[0], box.z[1] + 1), whole)
    indices = np.asarray([evidence.slice_indices[number] for number in numbers])
    return {index: seen[numbers[int(np.abs(indices - index).argmin())]] for index in range(box.z[0], box.z[1] + 1)}


def _cells_on_slice(evidence: Evidence, number: int) -> Mask:
    by_error = evidence.decisive_map(number) is MapKind.ERROR
    map_ = (evidence.error_map if by_error else evidence.activation)[number]
    _, rows, columns = evidence.geometry.shape
    mask = np.zeros((rows, columns), np.bool_)
    for first, last in _blocks(peak_component(map_)):
        top, bottom, left, right = cell_edges(evidence.crop, map_.shape, first, last)
        y, x = voxels_between(top, bottom, rows), voxels_between(left, right, columns)
        mask[y[0] : y[1] + 1, x[0] : x[1] + 1] = True
    return mask


def _blocks(cells: Mask) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """First and last cell of each cell and of each whole block of two or four: edges are rounded, so no gap is left."""
    for row, column in np.argwhere(cells).tolist():
        for last_row, last_column in product((row, row + 1), (column, column + 1)):
            block = cells[row : last_row + 1, column : last_column + 1]
            if block.shape == (last_row - row + 1, last_column - column + 1) and block.all():
                yield (row, column), (last_row, last_column)


def _extent(mask: Mask) -> tuple[tuple[int, int], tuple[int, int]]:
    rows, columns = np.nonzero(mask)
    return (int(rows.min()), int(rows.max())), (int(columns.min()), int(columns.max()))
