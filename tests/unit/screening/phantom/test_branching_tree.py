"""Trees of any points: connected, complete, and supplied in proportion."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.phantom.branching_tree import Branches, grown_trees

ROOTS = np.array([(0.0, 0.0, 0.0), (100.0, 0.0, 0.0)])


def trees_of(seed: int, count: int, *, equal: bool = False, second_axis_first: bool = False) -> Branches:
    draw = np.random.default_rng(seed)
    points = np.full((count, 3), 7.0) if equal else draw.uniform(0, 100, (count, 3))
    return grown_trees(points, np.arange(count) % 2, ROOTS, draw, second_axis_first=second_axis_first)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), count=st.integers(2, 300), equal=st.booleans(), second=st.booleans())
def test_every_point_is_supplied_by_one_last_branch(seed: int, count: int, equal: bool, second: bool) -> None:
    trees = trees_of(seed, count, equal=equal, second_axis_first=second)
    assert (trees.leaves == 1).sum() == count
    assert sorted(trees.leaves[:2]) == sorted([count - count // 2, count // 2])
    assert np.isfinite(trees.starts).all()
    assert np.isfinite(trees.ends).all()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), count=st.integers(4, 300))
def test_daughters_begin_at_their_parents_end_and_share_its_points(seed: int, count: int) -> None:
    trees = trees_of(seed, count)
    ends = {tuple(end): leaves for end, leaves in zip(trees.ends.round(6), trees.leaves, strict=True)}
    supplied: dict[tuple[float, ...], int] = {}
    for start, leaves, fed_by in list(zip(trees.starts.round(6), trees.leaves, trees.fed_by, strict=True))[2:]:
        assert ends[tuple(start)] == fed_by
        supplied[tuple(start)] = supplied.get(tuple(start), 0) + int(leaves)
    assert all(ends[place] == leaves for place, leaves in supplied.items())


def test_dividing_across_the_second_axis_first_is_another_tree() -> None:
    assert not np.allclose(trees_of(3, 200).ends[2:6], trees_of(3, 200, second_axis_first=True).ends[2:6])
