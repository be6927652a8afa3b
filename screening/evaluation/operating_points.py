"""The five operating points: thresholds on the calibrated probability, fitted on validation.

Each fit takes labels and probabilities [N], and `weights` [N], what each study counts: one where they are not given.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from screening.evaluation.metrics import Labels, Scores, decide

SENSITIVITY: Final = 0.95
HIGH_SENSITIVITY: Final = 1.0
LOWEST_THRESHOLD: Final = 1e-300  # above 0; no probability is below, so that no study is missed by it
HIGHEST_THRESHOLD: Final = 1 - 1e-4
SAME_WEIGHT: Final = 1e-9  # of the whole: sums of weights are equal up to it


def operating_points(labels: Labels, probabilities: Scores, weights: Scores | None = None) -> dict[str, float]:
    """A threshold for each of f1, youden, sensitivity_95, median and high_sensitivity."""
    return {name: _clipped(fit(labels, probabilities, weights)) for name, fit in FITS.items()}


def best_f1(labels: Labels, probabilities: Scores, weights: Scores | None = None) -> float:
    """The threshold with the highest F1; the lowest of equal ones, since a miss is worse than a false alarm."""
    return _best(probabilities, lambda threshold: decide(labels, probabilities, threshold, weights).f1)


def best_youden(labels: Labels, probabilities: Scores, weights: Scores | None = None) -> float:
    """The threshold with the highest sensitivity + specificity (Youden 1950); the lowest of equal ones."""

    def youden(threshold: float) -> float:
        decision = decide(labels, probabilities, threshold, weights)
        return decision.sensitivity + decision.specificity

    return _best(probabilities, youden)


def with_sensitivity(labels: Labels, probabilities: Scores, sensitivity: float, weights: Scores | None = None) -> float:
    """The highest threshold that has at least this sensitivity."""
    found, up_to = _in_order(probabilities[labels == 1], None if weights is None else weights[labels == 1])
    missed = np.searchsorted(up_to, 1.0 - sensitivity + SAME_WEIGHT, side="right")
    return float(found[missed])


def median(_: Labels, probabilities: Scores, weights: Scores | None = None) -> float:
    """The probability with half of the studies below."""
    ordered, up_to = _in_order(probabilities, weights)
    low, high = (np.searchsorted(up_to, 0.5 + side * SAME_WEIGHT) for side in (-1, 1))
    return float((ordered[low] + ordered[high]) / 2)


def _in_order(probabilities: Scores, weights: Scores | None) -> tuple[Scores, Scores]:
    """The probabilities, ascending, and the share of the whole weight that each and those below it have."""
    order = np.argsort(probabilities, kind="stable")
    up_to = np.cumsum(np.ones(len(order)) if weights is None else weights[order])
    return probabilities[order], up_to / up_to[-1]


def _best(probabilities: Scores, figure: Callable[[float], float]) -> float:
    """The threshold with the highest figure, half way between two probabilities, for stability."""
    levels = np.unique(probabilities)
    thresholds = (levels[:-1] + levels[1:]) / 2 if len(levels) > 1 else levels
    values = [figure(float(threshold)) for threshold in thresholds]
    return float(thresholds[int(np.argmax(values))])


def _clipped(threshold: float) -> float:
    return float(np.clip(threshold, LOWEST_THRESHOLD, HIGHEST_THRESHOLD))


FITS: Final[Mapping[str, Callable[[Labels, Scores, Scores | None], float]]] = MappingProxyType(
    {
        "f1": best_f1,
        "youden": best_youden,
        "sensitivity_95": lambda labels, probabilities, weights: with_sensitivity(
            labels, probabilities, SENSITIVITY, weights
        ),
        "median": median,
        "high_sensitivity": lambda labels, probabilities, weights: with_sensitivity(
            labels, probabilities, HIGH_SENSITIVITY, weights
        ),
    }
)
