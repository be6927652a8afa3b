"""Localisation: the box around what raised the score, in voxels of the original series and in the patient's mm.

It spans the key slice and its neighbours in a row whose own probability reaches the operating point. In each of them
the map of the network that gave the higher part of its score is read: the cells of at least half of the map's range
that hang together with its peak. The box holds them all.
"""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.calibration import probability
from screening.fusion import Fusion, SliceOutputs
from screening.model_card import ModelCard
from screening.preparation import PreparedStudy

HALF = 0.5

Range = tuple[int, int]


@dataclass(frozen=True)
class Localisation:
    """First and last voxel of the box, both inside it: `x` columns, `y` rows, `z` slices; `lps_mm` (low, high) corners.

    The corners are those of the voxels' outer faces (PS3.3 C.7.6.2.1.1), as the lowest and the highest x, y and z.
    """

    x: Range
    y: Range
    z: Range
    lps_mm: tuple[tuple[float, float, float], tuple[float, float, float]]

    @property
    def row(self) -> str:
        """As the report's row has it: x_min,x_max,y_min,y_max,z_min,z_max."""
        return ",".join(str(voxel) for voxel in (*self.x, *self.y, *self.z))


def localise(prepared: PreparedStudy, outputs: SliceOutputs, fusion: Fusion, card: ModelCard) -> Localisation:
    """The box of a study that reached the operating point."""
    places = _run_around_key(fusion, card)
    edges = np.array([_edges(_map_of(place, outputs, fusion), prepared) for place in places])
    _, rows, columns = prepared.geometry.shape
    x = _voxels(edges[:, 2].min(), edges[:, 3].max(), columns)
    y = _voxels(edges[:, 0].min(), edges[:, 1].max(), rows)
    z = (prepared.slice_indices[places[0]], prepared.slice_indices[places[-1]])
    return Localisation(x, y, z, _corners_mm(prepared.geometry.affine_lps, x, y, z))


def _run_around_key(fusion: Fusion, card: ModelCard) -> list[int]:
    reached = [
        probability(float(score), card.calibration) >= card.operating_point.threshold for score in fusion.slice_scores
    ]
    first = last = fusion.key
    while first > 0 and reached[first - 1]:
        first -= 1
    while last + 1 < len(reached) and reached[last + 1]:
        last += 1
    return list(range(first, last + 1))


def _map_of(place: int, outputs: SliceOutputs, fusion: Fusion) -> NDArray[np.float32]:
    by_error = fusion.slice_r[place] > fusion.slice_p[place]
    return np.asarray((outputs.error_map if by_error else outputs.activation)[place], np.float32)


def _of_range(map_: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = map_.min(), map_.max()
    return np.asarray((map_ - low) / (high - low), np.float32) if high > low else np.ones_like(map_)


def _edges(map_: NDArray[np.float32], prepared: PreparedStudy) -> tuple[float, float, float, float]:
    """Outer edges (top, bottom, left, right) of the peak's cells, in rows and columns of the slice."""
    share = _of_range(map_)
    _, labels = cv2.connectedComponents((share >= HALF).astype(np.uint8), connectivity=4)
    rows, columns = np.nonzero(labels == labels.flat[int(share.argmax())])
    row_px, column_px = (prepared.crop.size / cells for cells in map_.shape)
    corners = [
        prepared.crop.to_slice(rows.min() * row_px - 0.5, columns.min() * column_px - 0.5),
        prepared.crop.to_slice((rows.max() + 1) * row_px - 0.5, (columns.max() + 1) * column_px - 0.5),
    ]
    (top, bottom), (left, right) = (sorted(edge) for edge in zip(*corners, strict=True))  # a turned view swaps them
    return top, bottom, left, right


def _voxels(low_edge: float, high_edge: float, count: int) -> Range:
    """First and last of `count` voxels between two edges; a crop that leaves the slice is cut at its border."""
    first = min(max(0, round(low_edge + 0.5)), count - 1)
    return first, min(max(first, round(high_edge - 0.5)), count - 1)


def _corners_mm(
    affine_lps: NDArray[np.float64], x: Range, y: Range, z: Range
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    faces = [(low - 0.5, high + 0.5) for low, high in (x, y, z)]
    corners = np.array([(affine_lps @ (*corner, 1.0))[:3] for corner in product(*faces)])
    low, high = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])
