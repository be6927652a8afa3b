"""Studies composed of published slices, for those come without studies.

A verdict takes the worst of a study's slices, so thresholds must be chosen on studies of as many slices as serving
looks at: the worst of twelve normal slices is worse than one. Each study is of one data set: a normal one of normal
slices alone, a pathological one of normal slices and any number of pathological ones from a sixth on: what is ill may
show in few slices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.slice_cache import Row

LEAST_ILL: Final = 1 / 6  # of a pathological study's slices


@dataclass(frozen=True)
class Composed:
    """`members` [M, K] are places of slices; `labels` [M]; `datasets` [M]."""

    members: NDArray[np.int64]
    labels: NDArray[np.int64]
    datasets: NDArray[np.str_]


def compose(rows: Sequence[Row], places: Sequence[int], slices: int, per_class: int, seed: int = 0) -> Composed:
    """`per_class` normal and as many pathological studies of each data set that has both kinds of slices."""
    random = np.random.default_rng(seed)
    members, labels, datasets = [], [], []
    for dataset in sorted({rows[place].dataset for place in places}):
        well, ill = (
            np.array([place for place in places if rows[place].dataset == dataset and rows[place].label == label])
            for label in (0, 1)
        )
        if not (len(well) and len(ill)):
            continue
        for label in (0, 1):
            for _ in range(per_class):
                bad = int(random.integers(round(slices * LEAST_ILL), slices, endpoint=True)) * label
                members.append(np.concatenate([random.choice(ill, bad), random.choice(well, slices - bad)]))
                labels.append(label)
                datasets.append(dataset)
    return Composed(np.array(members, np.int64), np.array(labels, np.int64), np.array(datasets))
