"""Platt calibration (1999): a and b of 1 / (1 + exp(-(a * x + b))), by maximum likelihood on validation."""

from typing import Final, Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from screening.evaluation.metrics import Labels, Scores
from screening.results.calibration import input_of
from screening.results.model_card import Calibration

MIN_SLOPE: Final = 1e-3  # the probability must rise with the score, also when a small validation set contradicts
MAX_SLOPE: Final = 50.0
HIGHEST_LOGIT: Final = 30.0  # at a score of 1; above 36 a float is exactly 1, and nobody measured certainty
LOWEST_LOGIT: Final = -50.0


def fit_platt(
    labels: Labels,
    scores: Scores,
    patients: tuple[int, int] | None = None,
    weights: Scores | None = None,
    of: Literal["score", "logit"] = "score",
) -> Calibration:
    """Fit a and b to scores of 0 to 1, or to their logits. The probability rises with the score, and is never 0 or 1.

    Targets are smoothed by the class counts, so that the fit of separable scores is finite. `patients` (normal,
    pathological) are the counts to smooth by where several cases are of one patient, `weights` [N] what each counts.
    """
    normal, pathological = patients or (int((1 - labels).sum()), int(labels.sum()))
    targets = np.where(labels == 1, (pathological + 1) / (pathological + 2), 1 / (normal + 2))
    weight = np.ones(len(labels)) if weights is None else weights
    x = input_of(scores, Calibration(1.0, 0.0, of))
    centre = 1.0 if of == "score" else float(x.mean())
    offset = x - centre

    def loss(line: Scores) -> tuple[float, Scores]:
        """Of the slope, and of the logit at the centre."""
        logits = line[0] * offset + line[1]
        residuals = weight * (expit(logits) - targets)
        value = weight * (np.logaddexp(0.0, logits) - targets * logits)
        return float(value.sum()), np.array([(residuals * offset).sum(), residuals.sum()])

    found = minimize(
        loss,
        np.array([1.0, 1.0 if of == "score" else 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(MIN_SLOPE, MAX_SLOPE), (LOWEST_LOGIT, HIGHEST_LOGIT)],
    )
    a, at_centre = (float(value) for value in found.x)
    return Calibration(a, at_centre - a * centre, of)
