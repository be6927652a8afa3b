"""Which slices of a stack to look at, by distances in mm: stacks differ in length, spacing and evenness."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def spaced_indices(heights_mm: Sequence[float], first: int, last: int, at_most_mm: float) -> list[int]:
    """The fewest indices from `first` to `last`, both included, with no distance above `at_most_mm`.

    `heights_mm` ascend. Where neighbouring slices lie farther apart than that, both are taken.
    """
    heights = np.asarray(heights_mm, np.float64)
    chosen = [first]
    while chosen[-1] < last:
        reached = int(np.searchsorted(heights, heights[chosen[-1]] + at_most_mm + _ROUNDING_MM, side="right")) - 1
        chosen.append(min(last, max(reached, chosen[-1] + 1)))
    return chosen


def extents_mm(heights_mm: Sequence[float], chosen: Sequence[int]) -> NDArray[np.float64]:
    """How many mm each chosen slice stands for: half of the way to its neighbours on both sides.

    The outermost ones stand for as much beyond them as within, at most; the sum is near to the height of all.
    """
    heights = np.asarray(heights_mm, np.float64)[list(chosen)]
    if len(heights) == 1:
        return np.ones(1)
    halves = np.diff(heights) / 2
    below, above = np.concatenate([halves[:1], halves]), np.concatenate([halves, halves[-1:]])
    return np.asarray(below + above, np.float64)


_ROUNDING_MM = 0.01  # positions are often rounded to 0.01 mm
