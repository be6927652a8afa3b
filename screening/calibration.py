"""A score -> the probability of pathology (Platt 1999); a and b are fitted on the validation split."""

import math

from scipy.special import expit, logit

from screening.model_card import Calibration


def probability(score: float, calibration: Calibration) -> float:
    """1 / (1 + exp(-(a * score + b))); raises ValueError for a score that is not finite."""
    if not math.isfinite(score):
        raise ValueError(f"score {score} is not a finite number")
    return float(expit(calibration.a * score + calibration.b))


def score_at(probability_: float, calibration: Calibration) -> float:
    """The score that calibrates to a probability inside (0, 1)."""
    return float((logit(probability_) - calibration.b) / calibration.a)
