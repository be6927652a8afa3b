"""Platt calibration (1999): a and b of 1 / (1 + exp(-(a * score + b))), by maximum likelihood on validation."""

from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from screening.evaluation.metrics import Labels, Scores
from screening.results.model_card import Calibration

MIN_SLOPE: Final = 1e-3  # the probability must rise with the score, also when a small validation set contradicts
MAX_PARAMETER: Final = 50.0


def fit_platt(labels: Labels, scores: Scores, patients: tuple[int, int] | None = None) -> Calibration:
    """Fit a and b. Targets are smoothed by the class counts, so that the fit of separable scores is finite.

    `patients` (normal, pathological) are the counts to smooth by where several cases are of one patient.
    """
    normal, pathological = patients or (int((1 - labels).sum()), int(labels.sum()))
    targets = np.where(labels == 1, (pathological + 1) / (pathological + 2), 1 / (normal + 2))

    def loss(line: Scores) -> tuple[float, Scores]:
        logits = line[0] * scores + line[1]
        residuals = expit(logits) - targets
        value = np.logaddexp(0.0, logits) - targets * logits
        return float(value.sum()), np.array([(residuals * scores).sum(), residuals.sum()])

    found = minimize(
        loss,
        np.array([1.0, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(MIN_SLOPE, MAX_PARAMETER), (-MAX_PARAMETER, MAX_PARAMETER)],
    )
    return Calibration(a=float(found.x[0]), b=float(found.x[1]))


def calibrated(scores: Scores, calibration: Calibration) -> Scores:
    """Calibrated probabilities of scores, by Platt's sigmoid."""
    return np.asarray(expit(calibration.a * scores + calibration.b), np.float64)
