"""Platt calibration: score -> probability of pathology. Training fits the parameters."""

from scipy.special import expit

from screening.errors import EngineFault
from screening.results.model_card import Calibration


def probability(score: float, calibration: Calibration) -> float:
    """1 / (1 + exp(-(a * score + b))), in (0, 1]; raises EngineFault when the score is not a finite number."""
    calibrated = float(expit(calibration.a * score + calibration.b))
    if not 0.0 < calibrated <= 1.0:
        raise EngineFault(f"the score {score} gives no probability")
    return calibrated
