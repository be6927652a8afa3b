"""A score -> the probability of pathology (Platt 1999); a and b are fitted on the validation split."""

import math

from screening.model_card import Calibration


def probability(score: float, calibration: Calibration) -> float:
    """1 / (1 + exp(-(a * score + b))), without overflow; raises ValueError for a score that is not finite."""
    if not math.isfinite(score):
        raise ValueError(f"score {score} is not a finite number")
    exponent = calibration.a * score + calibration.b
    if exponent >= 0.0:
        return 1.0 / (1.0 + math.exp(-exponent))
    odds = math.exp(max(exponent, -700.0))  # exp underflows below -745
    return odds / (1.0 + odds)


def score_at(probability_: float, calibration: Calibration) -> float:
    """The score that calibrates to this probability, inside (0, 1)."""
    return (math.log(probability_ / (1.0 - probability_)) - calibration.b) / calibration.a
