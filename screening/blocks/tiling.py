"""Cutting a lung grid into blocks of one size, so that Triton batches the blocks of all studies.

Neighbouring blocks overlap: what lies within `MARGIN` of a block's face is seen there without its surroundings, and
counts only in the neighbour, which shows it further inside.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.blocks.lung_grid import LungGrid
from screening.contract import BLOCK
from screening.errors import NoLung
from screening.views.crop import Crop

MARGIN: Final = 8  # voxels of 2 mm

Bytes = NDArray[np.uint8]
Doubles = NDArray[np.float64]
Origin = tuple[int, int, int]


@dataclass(frozen=True)
class LungBlocks:
    """`blocks` and `masks` (1 where lung counts), uint8 [N, 1, *BLOCK]; `origins` are their first voxels in the grid.

    `slices`, `crop` and `affine_lps` give the place of a voxel of the grid in the series and in the patient.
    """

    blocks: Bytes = field(repr=False)
    masks: Bytes = field(repr=False)
    origins: tuple[Origin, ...]
    slices: Doubles = field(repr=False)
    crop: Crop
    affine_lps: Doubles = field(repr=False)

    def __len__(self) -> int:
        return len(self.origins)

    def slice_at(self, plane: float) -> int:
        """The slice of the series that is nearest to a plane of the grid."""
        return round(self._slice_at(plane))

    def position_lps_mm(self, voxel: Doubles) -> tuple[float, float, float]:
        """The point of a voxel (plane, row, column) of the grid in the patient's LPS coordinates, in mm."""
        plane, row, column = voxel.tolist()
        x, y, z = self.crop.to_patient(self.affine_lps, self._slice_at(plane), row, column).tolist()
        return x, y, z

    def _slice_at(self, plane: float) -> float:
        return float(np.interp(plane, np.arange(len(self.slices)), self.slices))


def blocks_of(grid: LungGrid, affine_lps: Doubles) -> LungBlocks:
    """The blocks in which lung counts; raises NoLung when there are none. `affine_lps` is the volume's."""
    found = []
    planes, rows, columns = (_starts(length, side) for length, side in zip(grid.grey.shape, BLOCK, strict=True))
    for origin in product(planes, rows, columns):
        mask = np.where(_core(origin, grid.grey.shape), _cut(grid.lungs, origin), np.uint8(0))
        if mask.any():
            found.append((_cut(grid.grey, origin), mask, origin))
    if not found:
        raise NoLung("No lung was found on the grid of the 3D expert.")
    blocks, masks, origins = zip(*found, strict=True)
    stacked = np.stack(blocks)[:, np.newaxis], np.stack(masks)[:, np.newaxis]
    return LungBlocks(*stacked, origins, grid.slices, grid.crop, affine_lps)


def _starts(length: int, side: int) -> Iterator[int]:
    """First voxels of blocks of `side` along an axis: evenly spaced, with an overlap of at least two margins."""
    count = max(1, math.ceil((length - 2 * MARGIN) / (side - 2 * MARGIN)))
    last = max(0, length - side)
    yield from (round(number * last / max(1, count - 1)) for number in range(count))


def _cut(volume: Bytes, origin: Origin) -> Bytes:
    """The block at `origin`; 0, which is air and no lung, beyond the grid."""
    block = np.zeros(BLOCK, np.uint8)
    part = volume[tuple(slice(start, start + side) for start, side in zip(origin, BLOCK, strict=True))]
    block[tuple(slice(0, side) for side in part.shape)] = part
    return block


def _core(origin: Origin, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The part of a block that counts: not the margins towards other blocks."""
    core = np.zeros(BLOCK, np.bool_)
    inside = []
    for start, side, length in zip(origin, BLOCK, shape, strict=True):
        inside.append(slice(MARGIN if start > 0 else 0, side - MARGIN if start + side < length else side))
    core[tuple(inside)] = True
    return core
