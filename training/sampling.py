"""Batches that are balanced by class, and within a class by data set, so that neither decides by its size."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.slice_cache import Row

EVEN: Final = MappingProxyType[str, float]({})


class NothingToTrainOn(Exception):
    """A class has no slices."""


class BalancedSampler:
    """Draws slices: class by a coin, data set by its weight (1 where none is given), slice evenly."""

    def __init__(
        self, rows: Mapping[int, Row], random: np.random.Generator, weights: Mapping[str, float] = EVEN
    ) -> None:
        pools: dict[int, dict[str, list[int]]] = {0: defaultdict(list), 1: defaultdict(list)}
        for place, row in rows.items():
            if row.label is not None:
                pools[row.label][row.dataset].append(place)
        if not (pools[0] and pools[1]):
            raise NothingToTrainOn("both normal and pathological slices are needed")
        self._random = random
        self._pools = [[np.array(pool) for pool in pools[label].values()] for label in (0, 1)]
        self._shares = [_shares([weights.get(name, 1.0) for name in pools[label]]) for label in (0, 1)]

    def draw(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Places of `count` slices and their labels."""
        labels = self._random.integers(0, 2, count)
        places = [
            self._random.choice(
                self._pools[label][self._random.choice(len(self._shares[label]), p=self._shares[label])]
            )
            for label in labels
        ]
        return np.array(places, np.int64), labels.astype(np.float32)


def draw_of_one_set(rows: Mapping[int, Row], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Up to `count` different slices, for contrast: mostly of one data set, so that knowing the set does not help."""
    places = np.array(list(rows))
    if random.random() < 0.7:
        datasets = np.array([rows[place].dataset for place in places.tolist()])
        places = places[datasets == random.choice(np.unique(datasets))]
    return np.asarray(random.choice(places, min(count, len(places)), replace=False), np.int64)


def _shares(weights: Iterable[float]) -> NDArray[np.float64]:
    array = np.array(list(weights), np.float64)
    return np.asarray(array / array.sum(), np.float64)
