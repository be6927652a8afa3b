"""Sampling of batches, balanced by class, and within a class by data set, independent of their sizes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.slice_cache import SliceRow

EVEN: Final = MappingProxyType[str, float]({})


class NothingToTrainOn(Exception):
    """One of the two classes has no slices."""


class BalancedSampler:
    """Draws slices: both classes with probability 0.5, data sets by weight (1 by default), slices uniformly."""

    def __init__(
        self, rows: Mapping[int, SliceRow], random: np.random.Generator, weights: Mapping[str, float] = EVEN
    ) -> None:
        pools: dict[int, dict[str, list[int]]] = {0: defaultdict(list), 1: defaultdict(list)}
        for index, row in rows.items():
            if row.label is not None:
                pools[row.label][row.dataset].append(index)
        if not (pools[0] and pools[1]):
            raise NothingToTrainOn("both normal and pathological slices are needed")
        self._random = random
        self._pools = [[np.array(pool) for pool in pools[label].values()] for label in (0, 1)]
        self._shares = [_shares([weights.get(name, 1.0) for name in pools[label]]) for label in (0, 1)]

    def draw(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Indices of `count` slices, and their labels."""
        labels = self._random.integers(0, 2, count)
        indices = [
            self._random.choice(
                self._pools[label][self._random.choice(len(self._shares[label]), p=self._shares[label])]
            )
            for label in labels
        ]
        return np.array(indices, np.int64), labels.astype(np.float32)


def draw_of_one_set(rows: Mapping[int, SliceRow], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Up to `count` different slices for SimCLR, in 70 % of the batches of one data set, so that the set is no cue."""
    indices = np.array(list(rows))
    if random.random() < 0.7:
        datasets = np.array([rows[index].dataset for index in indices.tolist()])
        indices = indices[datasets == random.choice(np.unique(datasets))]
    return np.asarray(random.choice(indices, min(count, len(indices)), replace=False), np.int64)


def of_both_classes(rows: Mapping[int, SliceRow]) -> list[int]:
    """Indices of the rows of data sets with both classes; in others, the look of the set would tell the label."""
    classes: dict[str, set[int | None]] = defaultdict(set)
    for row in rows.values():
        classes[row.dataset].add(row.label)
    return [index for index, row in rows.items() if classes[row.dataset] >= {0, 1}]


def _shares(weights: Iterable[float]) -> NDArray[np.float64]:
    array = np.array(list(weights), np.float64)
    return np.asarray(array / array.sum(), np.float64)
