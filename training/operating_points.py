"""The five operating points of the deck: thresholds on the calibrated probability, chosen on validation."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from training.metrics import Labels, Scores, decide

ENOUGH: Final = 0.95
HIGH: Final = 0.99
EDGE: Final = 1e-4  # a threshold lies inside (0, 1)


def operating_points(labels: Labels, probabilities: Scores) -> dict[str, float]:
    """A threshold for each of f1, youden, sensitivity_95, median and high_sensitivity."""
    return {name: _inside(choose(labels, probabilities)) for name, choose in CHOICES.items()}


def best_f1(labels: Labels, probabilities: Scores) -> float:
    """The threshold with the highest F1; of equal ones the lowest, for a miss is worse than an alarm."""
    return _best(probabilities, lambda threshold: decide(labels, probabilities, threshold).f1)


def best_youden(labels: Labels, probabilities: Scores) -> float:
    """The threshold with the highest sensitivity + specificity (Youden 1950); of equal ones the lowest."""

    def youden(threshold: float) -> float:
        decision = decide(labels, probabilities, threshold)
        return decision.sensitivity + decision.specificity

    return _best(probabilities, youden)


def with_sensitivity(labels: Labels, probabilities: Scores, least: float) -> float:
    """The highest threshold that still finds this share of the pathological cases."""
    ill = np.sort(probabilities[labels == 1])
    return float(ill[int(np.floor((1.0 - least) * len(ill) + 1e-9))])


def _best(probabilities: Scores, worth: Callable[[float], float]) -> float:
    """Half way between neighbouring probabilities, so that a small change of one does not flip it."""
    levels = np.unique(probabilities)
    thresholds = (levels[:-1] + levels[1:]) / 2 if len(levels) > 1 else levels
    values = [worth(float(threshold)) for threshold in thresholds]
    return float(thresholds[int(np.argmax(values))])


def _inside(threshold: float) -> float:
    return float(np.clip(threshold, EDGE, 1 - EDGE))


CHOICES: Final[Mapping[str, Callable[[Labels, Scores], float]]] = MappingProxyType(
    {
        "f1": best_f1,
        "youden": best_youden,
        "sensitivity_95": lambda labels, probabilities: with_sensitivity(labels, probabilities, ENOUGH),
        "median": lambda _, probabilities: float(np.median(probabilities)),
        "high_sensitivity": lambda labels, probabilities: with_sensitivity(labels, probabilities, HIGH),
    }
)
