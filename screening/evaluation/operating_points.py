"""The five operating points: thresholds on the calibrated probability, fitted on validation."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from screening.evaluation.metrics import Labels, Scores, decide

SENSITIVITY: Final = 0.95
HIGH_SENSITIVITY: Final = 1.0
MIN_THRESHOLD: Final = 1e-4  # a threshold must lie inside (0, 1)


def operating_points(labels: Labels, probabilities: Scores) -> dict[str, float]:
    """A threshold for each of f1, youden, sensitivity_95, median and high_sensitivity."""
    return {name: _clipped(fit(labels, probabilities)) for name, fit in FITS.items()}


def best_f1(labels: Labels, probabilities: Scores) -> float:
    """The threshold with the highest F1; the lowest of equal ones, since a miss is worse than a false alarm."""
    return _best(probabilities, lambda threshold: decide(labels, probabilities, threshold).f1)


def best_youden(labels: Labels, probabilities: Scores) -> float:
    """The threshold with the highest sensitivity + specificity (Youden 1950); the lowest of equal ones."""

    def youden(threshold: float) -> float:
        decision = decide(labels, probabilities, threshold)
        return decision.sensitivity + decision.specificity

    return _best(probabilities, youden)


def with_sensitivity(labels: Labels, probabilities: Scores, sensitivity: float) -> float:
    """The highest threshold that has at least this sensitivity."""
    pathological = np.sort(probabilities[labels == 1])
    return float(pathological[int(np.floor((1.0 - sensitivity) * len(pathological) + 1e-9))])


def _best(probabilities: Scores, figure: Callable[[float], float]) -> float:
    """The threshold with the highest figure, half way between two probabilities, for stability."""
    levels = np.unique(probabilities)
    thresholds = (levels[:-1] + levels[1:]) / 2 if len(levels) > 1 else levels
    values = [figure(float(threshold)) for threshold in thresholds]
    return float(thresholds[int(np.argmax(values))])


def _clipped(threshold: float) -> float:
    return float(np.clip(threshold, MIN_THRESHOLD, 1 - MIN_THRESHOLD))


FITS: Final[Mapping[str, Callable[[Labels, Scores], float]]] = MappingProxyType(
    {
        "f1": best_f1,
        "youden": best_youden,
        "sensitivity_95": lambda labels, probabilities: with_sensitivity(labels, probabilities, SENSITIVITY),
        "median": lambda _, probabilities: float(np.median(probabilities)),
        "high_sensitivity": lambda labels, probabilities: with_sensitivity(labels, probabilities, HIGH_SENSITIVITY),
    }
)
