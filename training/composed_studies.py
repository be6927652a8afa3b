"""Studies composed of single published slices, since those data sets have no whole studies.

A study's score is the maximum over its slices, so thresholds must be fitted on studies of as many slices as serving
analyses: the maximum of twelve normal slices is higher than one. Each study has slices of one data set: a normal study
only normal ones, a pathological one at least a sixth of pathological ones, since pathology may show in few slices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.slice_cache import SliceRow

SLICES_PER_STUDY: Final = 48  # lungs of 240 mm, one slice every 5 mm (`error_range.VIEW_SPACING_MM`)
MIN_PATHOLOGICAL_FRACTION: Final = 1 / 6  # of a pathological study's slices


@dataclass(frozen=True)
class ComposedStudies:
    """M studies of K slices: `members` [M, K] are indices of slices; `labels` [M]; `datasets` [M]."""

    members: NDArray[np.int64]
    labels: NDArray[np.int64]
    datasets: NDArray[np.str_]


def compose_studies(
    rows: Sequence[SliceRow], indices: Sequence[int], slices: int, per_class: int, seed: int = 0
) -> ComposedStudies:
    """`per_class` normal and as many pathological studies of each data set that has slices of both classes."""
    random = np.random.default_rng(seed)
    members, labels, datasets = [], [], []
    for dataset in sorted({rows[index].dataset for index in indices}):
        normal, pathological = (
            np.array([index for index in indices if rows[index].dataset == dataset and rows[index].label == label])
            for label in (0, 1)
        )
        if not (len(normal) and len(pathological)):
            continue
        for label in (0, 1):
            for _ in range(per_class):
                least = round(slices * MIN_PATHOLOGICAL_FRACTION)
                count = int(random.integers(least, slices, endpoint=True)) * label
                drawn = [random.choice(pathological, count), random.choice(normal, slices - count)]
                members.append(np.concatenate(drawn))
                labels.append(label)
                datasets.append(dataset)
    return ComposedStudies(np.array(members, np.int64), np.array(labels, np.int64), np.array(datasets))
