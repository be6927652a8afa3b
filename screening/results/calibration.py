"""Platt calibration: score -> probability of pathology, by parameters that `screening.evaluation` fits."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from screening.errors import EngineFault
from screening.results.model_card import Calibration

Doubles = NDArray[np.float64]

CERTAIN: Final = 1e-9  # a score of exactly 0 or 1 has no logit
HIGHEST_LOGIT: Final = 36.0  # of a probability that is below 1 in 64 bits


def probability(score: float, calibration: Calibration) -> float:
    """The calibrated probability, in (0, 1]; raises EngineFault when the score is not a finite number."""
    value = float(calibrated(np.array([score]), calibration)[0])
    if not 0.0 < value <= 1.0:
        raise EngineFault(f"the score {score} gives no probability")
    return value


def calibrated(scores: Doubles, calibration: Calibration) -> Doubles:
    """The probability 1 / (1 + exp(-(a * x + b))) of each score; x is the score or its logit. NaN stays NaN."""
    if calibration.of == "score":
        return np.asarray(expit(calibration.a * scores + calibration.b), np.float64)
    line = calibration.a * input_of(scores, calibration) + calibration.b
    return np.asarray(expit(np.clip(line, -HIGHEST_LOGIT, HIGHEST_LOGIT)), np.float64)


def input_of(scores: Doubles, calibration: Calibration) -> Doubles:
    """x of each score."""
    if calibration.of == "score":
        return scores
    return np.asarray(logit(np.clip(scores, CERTAIN, 1 - CERTAIN)), np.float64)


def score_at(threshold: float, calibration: Calibration) -> float:
    """The score, 0 to 1, whose probability is the threshold; the nearest one when there is none."""
    x = (logit(threshold) - calibration.b) / calibration.a
    return float(np.clip(x if calibration.of == "score" else expit(x), CERTAIN, 1 - CERTAIN))


def logit_at(threshold: float, calibration: Calibration) -> float:
    """The logit of the score whose probability is the threshold."""
    return float(logit(score_at(threshold, calibration)))
