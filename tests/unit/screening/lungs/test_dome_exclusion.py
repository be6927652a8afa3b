"""Lung counts where the lungs go on below it; a dome, and lung above none, does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from screening.lungs.dome_exclusion import BELOW_MM, SLACK_MM, lungs_without_domes
from screening.lungs.lung_survey import LungSurvey
from screening.lungs.slice_anatomy import SliceAnatomy

SIDE = 60
CELL_MM = (2.0, 2.0)
SLACK_CELLS = round(SLACK_MM / CELL_MM[0])

Mask = NDArray[np.bool_]


def test_the_top_of_a_dome_does_not_count() -> None:
    whole, ring = _lung(), _lung()
    ring[20:40, 20:40] = False
    counted = lungs_without_domes(_survey([ring, whole], [0.0, 8.0]), CELL_MM)
    inner = slice(20 + SLACK_CELLS, 40 - SLACK_CELLS)
    assert not counted[1][inner, inner].any()
    assert np.array_equal(counted[1][:, :20], whole[:, :20])


def test_lung_above_a_slice_without_lung_does_not_count() -> None:
    counted = lungs_without_domes(_survey([np.zeros_like(_lung()), _lung()], [0.0, 5.0]), CELL_MM)
    assert not counted[1].any()


def test_where_the_stack_ends_all_lung_counts() -> None:
    counted = lungs_without_domes(_survey([_lung(), _lung()], [0.0, 8.0]), CELL_MM)
    assert all(np.array_equal(counted[index], _lung()) for index in (0, 1))


@pytest.mark.parametrize(("below_mm", "counts"), [(BELOW_MM - 1, False), (BELOW_MM + 1, True)])
def test_how_far_below_is_looked_at(below_mm: float, counts: bool) -> None:
    counted = lungs_without_domes(_survey([np.zeros_like(_lung()), _lung()], [0.0, below_mm]), CELL_MM)
    assert counted[1].any() == counts


def test_a_blank_slice_says_nothing_of_the_lungs() -> None:
    survey = _survey([np.zeros_like(_lung()), _lung()], [0.0, 8.0], blank={0})
    assert np.array_equal(lungs_without_domes(survey, CELL_MM)[1], _lung())


@given(st.lists(st.floats(1.0, 20.0), min_size=1, max_size=6), st.integers(0, 2**16))
def test_no_more_counts_than_is_lung_and_more_slices_never_add_any(steps: list[float], seed: int) -> None:
    random = np.random.default_rng(seed)
    masks = [random.random((SIDE, SIDE)) < 0.7 for _ in range(len(steps) + 1)]
    heights = np.concatenate([[0.0], np.cumsum(steps)]).tolist()
    every = lungs_without_domes(_survey(masks, heights), CELL_MM)
    fewer = lungs_without_domes(_survey(masks[1:], heights[1:]), CELL_MM)
    for index, mask in enumerate(masks):
        assert (every[index] <= mask).all()
        assert index == 0 or (every[index] <= fewer[index - 1]).all()


def _lung() -> Mask:
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[5:55, 5:55] = True
    return mask


def _survey(masks: list[Mask], heights: list[float], blank: set[int] | None = None) -> LungSurvey:
    anatomies = {index: SliceAnatomy(index in (blank or set()), mask) for index, mask in enumerate(masks)}
    return LungSurvey(tuple(heights), anatomies, 0, len(masks) - 1, tuple(range(len(masks))))
