"""Bootstrap confidence intervals: patients are resampled within each class, with a seed (Efron 1979)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.evaluation.metrics import Labels, Scores

DRAWS: Final = 1000
Figure = Callable[[Labels, Scores], float]


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def interval(
    figure: Figure, labels: Labels, scores: Scores, patients: NDArray[np.str_], draws: int = DRAWS, seed: int = 0
) -> Interval:
    """The figure on all cases [N], and its percentiles 2.5 and 97.5 over `draws` resamplings of patients.

    A drawn patient contributes all its cases, as often as it is drawn. A patient with both labels is pathological.
    """
    members = cases_by_class(labels, patients)
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        cases = resampled(members, random)
        values.append(figure(labels[cases], scores[cases]))
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return Interval(figure(labels, scores), float(low), float(high))


def resampled(groups: Sequence[Sequence[NDArray[np.int64]]], random: np.random.Generator) -> NDArray[np.int64]:
    """Cases of as many patients of each group as it has, drawn with replacement."""
    drawn = [group[number] for group in groups for number in random.integers(len(group), size=len(group))]
    return np.concatenate(drawn)


def cases_by_class(labels: Labels, patients: NDArray[np.str_]) -> list[list[NDArray[np.int64]]]:
    """The cases of each patient, the patients grouped by class; a class without patients has no group."""
    groups: list[list[NDArray[np.int64]]] = [[], []]
    order = np.argsort(patients, kind="stable")
    starts = np.flatnonzero(np.r_[True, patients[order][1:] != patients[order][:-1]])
    for cases in np.split(order, starts[1:]):
        groups[int(labels[cases].max())].append(cases)
    return [group for group in groups if group]
