"""Platt's calibration (1999): a and b of 1 / (1 + exp(-(a * score + b))) by maximum likelihood on validation."""

from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from screening.model_card import Calibration
from training.metrics import Labels, Scores

LEAST_SLOPE: Final = 1e-3  # higher scores are worse, whatever a small validation set says
MOST: Final = 50.0


def fit_platt(labels: Labels, scores: Scores) -> Calibration:
    """Targets are softened by the counts of the classes, as Platt does, so that separable scores stay finite."""
    ill, well = int(labels.sum()), int((1 - labels).sum())
    targets = np.where(labels == 1, (ill + 1) / (ill + 2), 1 / (well + 2))

    def loss(line: Scores) -> tuple[float, Scores]:
        logits = line[0] * scores + line[1]
        gap = expit(logits) - targets
        value = np.logaddexp(0.0, logits) - targets * logits
        return float(value.sum()), np.array([(gap * scores).sum(), gap.sum()])

    found = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(LEAST_SLOPE, MOST), (-MOST, MOST)]
    )
    return Calibration(a=float(found.x[0]), b=float(found.x[1]))
