"""The grid: 2 mm in every direction whatever the stack's spacing, and what becomes of slices that show nothing."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from screening.blocks.grid_slice import GRID_MM
from screening.blocks.lung_grid import CONTEXT_MM, WIDEST_GAP_MM, LungGrid, grey_of, interpolation, lung_grid
from screening.errors import BrokenPixels, NoLung
from screening.phantom.phantom_anatomy import FIELD_MM, HEIGHT_MM
from screening.views.crop import Crop
from tests.unit.screening.lungs.test_lung_survey import SIZE, Stack

CROP = Crop(0, SIZE, 0, SIZE, 64)


class BrokenStack(Stack):
    """A stack of which some slices cannot be decoded."""

    def __init__(self, heights_mm: Sequence[float], broken: frozenset[int]) -> None:
        super().__init__(heights_mm)
        self._broken = broken

    def hu(self, index: int) -> NDArray[np.int16]:
        if index in self._broken:
            raise BrokenPixels("this slice is damaged")
        return super().hu(index)


def grid_of(stack: Stack) -> LungGrid:
    return lung_grid(stack, 0, len(stack) - 1, CROP)


def with_lung(grid: LungGrid) -> NDArray[np.bool_]:
    """Which planes [Z] show lung that counts."""
    return np.asarray(grid.lungs.any(axis=(1, 2)), np.bool_)


@pytest.mark.parametrize("step_mm", [1.0, 2.0, 5.0, 8.0])
def test_the_grid_has_two_millimetres_whatever_the_stack(step_mm: float) -> None:
    grid = grid_of(Stack(np.arange(0.0, HEIGHT_MM, step_mm).tolist()))
    assert grid.grey.shape == grid.lungs.shape == (len(grid.slices), *[round(FIELD_MM / GRID_MM)] * 2)
    assert np.allclose(np.diff(grid.slices), GRID_MM / step_mm)
    assert len(grid.slices) == pytest.approx(HEIGHT_MM / GRID_MM, abs=step_mm)


def test_lungs_have_the_same_volume_in_thin_and_in_thick_slices() -> None:
    litres = [
        grid_of(Stack(np.arange(0.5, HEIGHT_MM, step_mm).tolist())).lungs.sum() * GRID_MM**3 * 1e-6
        for step_mm in (1.0, 4.0)
    ]
    assert litres[0] == pytest.approx(litres[1], rel=0.03)
    assert litres[0] > 1.0


def test_context_beyond_the_lungs_is_shown_where_the_stack_has_it() -> None:
    stack = Stack(np.arange(-40.0, HEIGHT_MM, 2.0).tolist())
    first = 30  # at 20 mm
    grid = lung_grid(stack, first, first + 10, CROP)
    assert len(grid.slices) * GRID_MM == pytest.approx(20.0 + 2 * CONTEXT_MM, abs=2 * GRID_MM)


def test_a_blank_slice_is_interpolated_from_its_neighbours() -> None:
    heights = np.arange(0.0, HEIGHT_MM, 4.0).tolist()
    whole, blank = grid_of(Stack(heights)), grid_of(Stack(heights, blank=frozenset({20})))
    assert blank.grey.shape == whole.grey.shape
    assert np.abs(blank.grey[40].astype(int) - whole.grey[40]).mean() < 6.0


def test_only_blank_slices_are_no_lung() -> None:
    with pytest.raises(NoLung, match="blank"):
        grid_of(Stack([0.0, 4.0, 8.0], blank=frozenset({0, 1, 2})))


def test_one_broken_slice_is_left_out_and_a_wide_gap_is_its_error() -> None:
    heights = np.arange(0.0, HEIGHT_MM, 4.0).tolist()
    assert len(grid_of(BrokenStack(heights, frozenset({20}))).slices) == len(grid_of(Stack(heights)).slices)
    with pytest.raises(BrokenPixels):
        grid_of(BrokenStack(heights, frozenset({20, 21})))


@settings(deadline=None, max_examples=4)
@given(
    fine_mm=st.floats(3.0, 6.0),
    wide=st.lists(st.tuples(st.floats(60.0, 200.0), st.floats(9.5, 30.0)), min_size=1, max_size=2),
)
def test_no_lung_counts_in_a_gap_that_is_wider_than_the_others(fine_mm: float, wide: list[tuple[float, float]]) -> None:
    even = np.arange(0.0, HEIGHT_MM, fine_mm)
    heights = even[[not any(low < at < low + gap for low, gap in wide) for at in even]]
    steps = np.diff(heights)
    grid = grid_of(Stack(heights.tolist()))
    planes = heights[0] + np.arange(len(grid.slices)) * GRID_MM
    step_of = steps[np.clip(np.searchsorted(heights, planes, side="right") - 1, 0, len(steps) - 1)]
    counted = with_lung(grid)
    assert not counted[step_of > WIDEST_GAP_MM + 0.5].any()
    whole = with_lung(grid_of(Stack(even.tolist())))
    far = np.array([all(not low - 12 < at < low + gap + 12 for low, gap in wide) for at in planes])
    assert np.array_equal(counted[far], whole[: len(counted)][far])


def test_lungs_that_lie_wholly_in_wide_gaps_are_an_error_that_says_so() -> None:
    heights = [*np.arange(-400.0, -250.0, 2.0), *np.arange(0.0, HEIGHT_MM, 16.0)]
    with pytest.raises(NoLung, match=r"lie more than 8 mm apart, though others lie closer.* even steps"):
        grid_of(Stack(heights))


@pytest.mark.parametrize("step_mm", [7.0, 10.0, 16.0])
def test_slices_that_are_all_as_far_apart_are_read(step_mm: float) -> None:
    assert with_lung(grid_of(Stack(np.arange(0.0, HEIGHT_MM, step_mm).tolist()))).mean() > 0.8


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 20.0), min_size=1, max_size=30))
def test_interpolation_keeps_a_slope_and_weighs_to_one(steps_mm: list[float]) -> None:
    heights = np.cumsum([0.0, *steps_mm])
    grid = np.arange(0.0, heights[-1], GRID_MM)
    weights = interpolation(heights, grid)
    assert np.allclose(weights.sum(axis=1), 1.0, atol=1e-5)
    assert np.allclose(weights @ heights, grid, atol=1e-3 * heights[-1])


def test_grey_is_a_fixed_window() -> None:
    hu = np.array([-2000, -1000, -400, 200, 3000], np.float32)
    assert grey_of(hu).tolist() == [0, 0, 128, 255, 255]
