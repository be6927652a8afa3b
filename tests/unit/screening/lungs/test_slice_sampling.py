from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.lungs.slice_sampling import extents_mm, spaced_indices

STEPS = st.lists(st.floats(0.1, 40.0), min_size=1, max_size=120)


@given(STEPS, st.floats(0.5, 30.0))
def test_no_two_neighbours_are_farther_apart_than_asked_where_slices_allow(steps: list[float], at_most: float) -> None:
    heights = np.concatenate([[0.0], np.cumsum(steps)])
    last = len(heights) - 1
    chosen = spaced_indices(heights.tolist(), 0, last, at_most)
    assert (chosen[0], chosen[-1]) == (0, last)
    assert chosen == sorted(set(chosen))
    for low, high in pairwise(chosen):
        assert heights[high] - heights[low] <= at_most + 0.02 or high == low + 1


@given(STEPS, st.floats(0.5, 30.0))
def test_as_few_as_possible_are_chosen(steps: list[float], at_most: float) -> None:
    heights = np.concatenate([[0.0], np.cumsum(steps)]).tolist()
    chosen = spaced_indices(heights, 0, len(heights) - 1, at_most)
    for low, high in zip(chosen, chosen[2:], strict=False):
        assert heights[high] - heights[low] > at_most  # the one between them is needed


def test_two_metres_are_sampled_as_finely_as_a_chest() -> None:
    body = spaced_indices([10.0 * place for place in range(191)], 0, 190, 20.0)
    assert np.diff(body).max() == 2


def test_extents_in_closed_form() -> None:
    assert extents_mm([0.0, 2.0, 4.0, 10.0], [0, 1, 3]).tolist() == [2.0, 5.0, 8.0]
    assert extents_mm([0.0, 5.0], [1]).tolist() == [1.0]


@given(STEPS)
def test_extents_are_positive_and_cover_the_stack(steps: list[float]) -> None:
    heights = np.concatenate([[0.0], np.cumsum(steps)]).tolist()
    extents = extents_mm(heights, range(len(heights)))
    assert (extents > 0).all()
    assert extents.sum() == pytest.approx(heights[-1] + (steps[0] + steps[-1]) / 2)
