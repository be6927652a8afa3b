"""Calibration: a score becomes the probability of pathology, by Platt's sigmoid (fitted in training)."""

from scipy.special import expit

from screening.errors import EngineFault
from screening.model_card import Calibration


def probability(score: float, calibration: Calibration) -> float:
    """1 / (1 + exp(-(a * score + b))); rises with the score. Raises EngineFault when no number comes out."""
    calibrated = float(expit(calibration.a * score + calibration.b))
    if not 0.0 < calibrated <= 1.0:
        raise EngineFault(f"the score {score} gives no probability")
    return calibrated
