"""r_min and r_max of the reconstruction error, so chosen that the maximum is no worse than the classifier alone."""

from typing import Final

import numpy as np

from screening.fusion import normalised_error
from screening.model_card import ErrorRange
from training.composed_studies import Composed
from training.metrics import Scores, roc_auc
from training.predictions import Predictions

QUIETER: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)  # times the largest normal error at which r reaches 1
GAIN: Final = 0.002  # of ROC-AUC; a louder autoencoder must earn its place


def study_scores(predictions: Predictions, studies: Composed, error_range: ErrorRange | None) -> Scores:
    """Score of each study [M] by fusion, or by the classifier alone; members index the predictions."""
    scores = predictions.probability()
    if error_range is not None:
        scores = np.maximum(scores, normalised_error(predictions.errors, error_range))
    return np.asarray(scores[studies.members].max(axis=1), np.float64)


def fit_error_range(predictions: Predictions, studies: Composed, normal: np.typing.NDArray[np.int64]) -> ErrorRange:
    """The range with the best ROC-AUC of fusion on these studies; of nearly equal ones the quietest.

    r_min is the median error of the normal slices `normal`, and r_max a multiple of their largest one, for an error
    below what normal lungs show says nothing.
    """
    errors = predictions.errors[normal]
    low, high = float(np.median(errors)), float(errors.max())
    best: tuple[float, ErrorRange] | None = None
    for factor in reversed(QUIETER):
        candidate = ErrorRange(low, low + factor * (high - low) + 1e-6)
        auc = roc_auc(studies.labels, study_scores(predictions, studies, candidate))
        if best is None or auc > best[0] + GAIN:
            best = auc, candidate
    assert best is not None  # noqa: S101  # QUIETER is not empty
    return best[1]
