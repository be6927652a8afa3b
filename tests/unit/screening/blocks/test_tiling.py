"""Blocks: every voxel of lung counts in some block, with its surroundings, for grids of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.blocks.lung_grid import LungGrid
from screening.blocks.tiling import MARGIN, LungBlocks, blocks_of
from screening.contract import BLOCK
from screening.errors import NoLung
from screening.views.crop import Crop

AFFINE = np.diag([2.0, 2.0, 4.0, 1.0])
shapes = st.tuples(st.integers(1, 150), st.integers(1, 220))


def grid_of(planes: int, side: int, lungs: np.ndarray | None = None) -> LungGrid:
    shape = (planes, side, side)
    grey = np.random.default_rng(0).integers(1, 256, shape, np.uint8)
    mask = np.ones(shape, np.uint8) if lungs is None else lungs
    return LungGrid(grey, mask, np.arange(planes) / 2, Crop(0, side, 0, side, side))


def counted(blocks: LungBlocks, shape: tuple[int, ...]) -> np.ndarray:
    """How often each voxel of the grid counts; raises IndexError where a block counts what is beyond it."""
    times = np.zeros(shape, int)
    for mask, origin in zip(blocks.masks[:, 0], blocks.origins, strict=True):
        np.add.at(times, tuple((np.argwhere(mask) + origin).T), 1)
    return times


@settings(max_examples=25, deadline=None)
@given(shapes)
def test_every_voxel_counts(shape: tuple[int, int]) -> None:
    grid = grid_of(*shape)
    assert counted(blocks_of(grid, AFFINE), grid.grey.shape).min() >= 1


@settings(max_examples=25, deadline=None)
@given(shapes)
def test_a_voxel_counts_only_with_its_surroundings(shape: tuple[int, int]) -> None:
    grid = grid_of(*shape)
    blocks = blocks_of(grid, AFFINE)
    for mask, origin in zip(blocks.masks[:, 0], blocks.origins, strict=True):
        for axis, (start, side, length) in enumerate(zip(origin, BLOCK, grid.grey.shape, strict=True)):
            shown = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
            assert start == 0 or shown[0] >= MARGIN
            assert start + side >= length or shown[-1] < side - MARGIN


def test_blocks_hold_the_grid_and_air_beyond_it() -> None:
    grid = grid_of(60, 100)
    blocks = blocks_of(grid, AFFINE)
    for block, (plane, row, column) in zip(blocks.blocks[:, 0], blocks.origins, strict=True):
        part = grid.grey[plane : plane + BLOCK[0], row : row + BLOCK[1], column : column + BLOCK[2]]
        assert np.array_equal(block[tuple(slice(0, side) for side in part.shape)], part)
        assert block.sum() == part.sum()


def test_blocks_without_lung_are_left_out() -> None:
    lungs = np.zeros((120, 180, 180), np.uint8)
    lungs[5, 5, 5] = 1
    assert len(blocks_of(grid_of(120, 180, lungs), AFFINE)) == 1
    with pytest.raises(NoLung):
        blocks_of(grid_of(120, 180, np.zeros_like(lungs)), AFFINE)


def test_a_voxel_has_its_place_in_series_and_patient() -> None:
    blocks = blocks_of(grid_of(60, 100), AFFINE)
    assert blocks.slice_at(41.0) == 20
    assert blocks.position_lps_mm(np.array([41.0, 10.0, 30.0])) == pytest.approx((60.0, 20.0, 82.0))
