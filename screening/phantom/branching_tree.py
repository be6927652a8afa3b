"""A tree that fills a volume: the volume-filling branching of Tawhai, Pullan and Hunter (Ann Biomed Eng 28, 2000).

Each branch supplies a set of points. A plane through their centroid divides the set, and each half gets a branch that
grows towards its own centroid, until a branch supplies one point.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

GROWTH: Final = 0.4  # of the way to the centroid
TRUNK_GROWTH: Final = 0.15  # ... of a whole tree: the arteries of a lobe divide soon after they enter it
LAST_GROWTH: Final = 0.85  # of the way to the last point
STRAIGHTNESS: Final = 0.8  # how far a branch keeps its parent's direction
EARLY_GENERATIONS: Final = 3
UNEVENNESS: Final = 0.25  # of the dividing planes' places, in standard deviations of the points


@dataclass(frozen=True)
class Branches:
    """Straight branches from `starts` to `ends` [B, 3] in mm.

    `leaves` [B] is the number of end points that a branch supplies, `fed_by` [B] that of its parent.
    """

    starts: Doubles = field(repr=False)
    ends: Doubles = field(repr=False)
    leaves: Integers = field(repr=False)
    fed_by: Integers = field(repr=False)

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        columns = zip(*((one.starts, one.ends, one.leaves, one.fed_by) for one in parts), strict=True)
        return cls(*map(np.concatenate, columns))


@dataclass(frozen=True)
class _Tips:
    """Where trees grow on: places and directions [T, 3], numbers of supplied points [T]."""

    places: Doubles
    directions: Doubles
    leaves: Integers

    def of(self, chosen: Integers) -> "_Tips":
        return _Tips(self.places[chosen], self.directions[chosen], self.leaves[chosen])


def grown_trees(
    points: Doubles, trees: Integers, roots: Doubles, draw: np.random.Generator, *, second_axis_first: bool = False
) -> Branches:
    """One tree from each of the `roots` [T, 3]; `trees` [N] says which one supplies each of the points [N, 3].

    Trees of one lobe take the same way unless one of them divides it across its second axis first.
    """
    axes = chain(repeat(1, EARLY_GENERATIONS if second_axis_first else 0), repeat(2))
    return Branches.joined(list(_generations(points, trees, roots, draw, axes)))


def _generations(
    points: Doubles, tips: Integers, roots: Doubles, draw: np.random.Generator, axes: Iterator[int]
) -> Iterator[Branches]:
    leaves = np.bincount(tips, minlength=len(roots))
    stems = _Tips(roots, np.zeros_like(roots), leaves)
    grown, branches = _grow(stems, _centroids(points, tips, leaves), leaves, TRUNK_GROWTH)
    yield branches
    while (grown.leaves > 1).any():
        points, tips, grown = _going_on(points, tips, grown)
        used, tips = np.unique(2 * tips + _beyond_planes(points, tips, grown, draw, next(axes)), return_inverse=True)
        leaves = np.bincount(tips, minlength=len(used))
        grown, branches = _grow(grown.of(used // 2), _centroids(points, tips, leaves), leaves)
        yield branches


def _going_on(points: Doubles, tips: Integers, grown: _Tips) -> tuple[Doubles, Integers, _Tips]:
    """Without the branches that supply one point, and without their points."""
    going_on = grown.leaves > 1
    kept = going_on[tips]
    return points[kept], (np.cumsum(going_on) - 1)[tips[kept]], grown.of(np.flatnonzero(going_on))


def _grow(stems: _Tips, centroids: Doubles, leaves: Integers, growth: float = GROWTH) -> tuple[_Tips, Branches]:
    """A branch from each stem towards its centroid."""
    ways = centroids - stems.places
    lengths = np.linalg.norm(ways, axis=1, keepdims=True)
    directions = _unit(_unit(ways) + STRAIGHTNESS * stems.directions)
    last = (leaves == 1)[:, np.newaxis]
    steps = np.where(last, LAST_GROWTH * ways, growth * lengths * directions)
    ends = stems.places + steps
    return _Tips(ends, _unit(steps), leaves), Branches(stems.places, ends, leaves, stems.leaves)


def _beyond_planes(points: Doubles, tips: Integers, grown: _Tips, draw: np.random.Generator, axis: int) -> Integers:
    """1 for each point beyond the plane that divides its set.

    The plane lies across an axis of the set's extent beside the branch: 2 is the widest, 1 the second.
    """
    off = points - _centroids(points, tips, grown.leaves)[tips]
    off_axis = off - (off * grown.directions[tips]).sum(axis=1, keepdims=True) * grown.directions[tips]
    products = off_axis[:, :, np.newaxis] * off_axis[:, np.newaxis, :]
    spread = np.stack([np.bincount(tips, one, len(grown.leaves)) for one in products.reshape(-1, 9).T], axis=1)
    variances, axes = np.linalg.eigh(spread.reshape(-1, 3, 3))
    deviation = np.sqrt(np.maximum(variances[:, axis], 0) / grown.leaves)
    places = UNEVENNESS * deviation * draw.standard_normal(len(deviation))
    beyond = (off * axes[tips, :, axis]).sum(axis=1) > places[tips]
    return _never_empty(beyond.astype(np.int64), tips, grown.leaves)


def _never_empty(beyond: Integers, tips: Integers, leaves: Integers) -> Integers:
    """Where all points lie on one side, the first of them goes to the other."""
    count = np.bincount(tips, beyond, len(leaves)).astype(np.int64)
    undivided = (count == 0) | (count == leaves)
    _, first = np.unique(tips, return_index=True)
    moved = first[undivided]
    beyond[moved] = 1 - beyond[moved]
    return beyond


def _centroids(points: Doubles, tips: Integers, leaves: Integers) -> Doubles:
    sums = np.stack([np.bincount(tips, axis, len(leaves)) for axis in points.T], axis=1)
    return np.asarray(sums / np.maximum(leaves, 1)[:, np.newaxis], np.float64)


def _unit(vectors: Doubles) -> Doubles:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float64)
