"""Localisation: the box around the region that gave the score, in voxels of the series and in the patient's mm.

It spans the key slice and the consecutive chosen slices around it whose own probability reaches the operating point. In
each of them, of the two maps the one of the network with the higher part of the score is thresholded at half of its
range, and the connected component of the peak is taken. The box encloses the components of all these slices. A study
whose score is the 3D expert's has no box: these maps are not of the network that decided.
"""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.preparation import PreparedStudy
from screening.results.calibration import probability
from screening.results.fusion import Fusion, SliceOutputs, cell_probability
from screening.results.model_card import ModelCard
from screening.views.crop import Crop

HALF_OF_RANGE = 0.5

VoxelRange = tuple[int, int]


@dataclass(frozen=True)
class Localisation:
    """First and last voxel (both inside) of the box in `x` (columns), `y` (rows) and `z` (slices).

    `lps_mm` holds the lowest and the highest x, y and z of the voxels' outer faces in LPS (PS3.3 C.7.6.2.1.1).
    """

    x: VoxelRange
    y: VoxelRange
    z: VoxelRange
    lps_mm: tuple[tuple[float, float, float], tuple[float, float, float]]

    @property
    def row(self) -> str:
        """The text in the report's row: x_min,x_max,y_min,y_max,z_min,z_max."""
        return ",".join(str(voxel) for voxel in (*self.x, *self.y, *self.z))


def localise(prepared: PreparedStudy, outputs: SliceOutputs, fusion: Fusion, card: ModelCard) -> Localisation:
    """The box of a study that reached the operating point by a score of the networks for slices."""
    numbers = _run_around_key(fusion, card)
    edges = np.array([_edges(_map_of(number, outputs, fusion), prepared) for number in numbers])
    _, rows, columns = prepared.geometry.shape
    x = voxels_between(edges[:, 2].min(), edges[:, 3].max(), columns)
    y = voxels_between(edges[:, 0].min(), edges[:, 1].max(), rows)
    z = (prepared.slice_indices[numbers[0]], prepared.slice_indices[numbers[-1]])
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


def _map_of(number: int, outputs: SliceOutputs, fusion: Fusion) -> NDArray[np.float32]:
    by_error = fusion.slice_r[number] > fusion.slice_p[number]
    return outputs.error_map[number] if by_error else cell_probability(outputs.activation[number])


def _scaled_to_range(map_: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = map_.min(), map_.max()
    return np.asarray((map_ - low) / (high - low), np.float32) if high > low else np.ones_like(map_)


def _edges(map_: NDArray[np.float32], prepared: PreparedStudy) -> tuple[float, float, float, float]:
    """Outer edges (top, bottom, left, right) of the peak's component, in rows and columns of the slice."""
    rows, columns = np.nonzero(peak_component(map_))
    first, last = (int(rows.min()), int(columns.min())), (int(rows.max()), int(columns.max()))
    return cell_edges(prepared.crop, map_.shape, first, last)


def peak_component(map_: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The cells of the map that are connected to its peak and reach half of its range."""
    scaled = _scaled_to_range(map_)
    _, labels = cv2.connectedComponents((scaled >= HALF_OF_RANGE).astype(np.uint8), connectivity=4)
    return np.asarray(labels == labels.flat[int(scaled.argmax())])


def cell_edges(
    crop: Crop, cells: tuple[int, ...], first: tuple[int, int], last: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Outer edges (top, bottom, left, right) in the slice of the cells from `first` to `last` (row, column)."""
    row_px, column_px = (crop.size / count for count in cells)
    corners = [
        crop.to_slice(first[0] * row_px - 0.5, first[1] * column_px - 0.5),
        crop.to_slice((last[0] + 1) * row_px - 0.5, (last[1] + 1) * column_px - 0.5),
    ]
    (top, bottom), (left, right) = (sorted(edge) for edge in zip(*corners, strict=True))  # a flipped view swaps them
    return top, bottom, left, right


def voxels_between(low_edge: float, high_edge: float, count: int) -> VoxelRange:
    """First and last of `count` voxels between two edges; edges beyond the slice are clipped to it."""
    first = min(max(0, round(low_edge + 0.5)), count - 1)
    return first, min(max(first, round(high_edge - 0.5)), count - 1)


def _corners_mm(
    affine_lps: NDArray[np.float64], x: VoxelRange, y: VoxelRange, z: VoxelRange
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    faces = [(low - 0.5, high + 0.5) for low, high in (x, y, z)]
    corners = np.array([(affine_lps @ (*corner, 1.0))[:3] for corner in product(*faces)])
    low, high = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])
