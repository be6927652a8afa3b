"""Fits r_min and r_max of the reconstruction error so that fusion is no worse than the classifier alone."""

from typing import Final

import numpy as np

from screening.fusion import normalised_error
from screening.model_card import ErrorRange
from training.composed_studies import ComposedStudies
from training.metrics import Scores, roc_auc
from training.predictions import Predictions

RANGE_FACTORS: Final = (
    1.0,
    1.5,
    2.0,
    3.0,
    5.0,
    10.0,
    30.0,
    100.0,
)  # candidates of r_max, as multiples of the largest normal error
MIN_AUC_GAIN: Final = 0.002  # a lower r_max gives the autoencoder more influence; it must raise ROC-AUC by this much


def study_scores(predictions: Predictions, studies: ComposedStudies, error_range: ErrorRange | None) -> Scores:
    """Score of each study [M] by fusion, or by the classifier alone without a range; members index the predictions."""
    scores = predictions.probability()
    if error_range is not None:
        scores = np.maximum(scores, normalised_error(predictions.errors, error_range))
    return np.asarray(scores[studies.members].max(axis=1), np.float64)


def fit_error_range(
    predictions: Predictions, studies: ComposedStudies, normal: np.typing.NDArray[np.int64]
) -> ErrorRange:
    """The range with the best ROC-AUC of fusion on these studies; of nearly equal ones that with the highest r_max.

    r_min is the median error of the normal slices `normal`, r_max a multiple of their largest error: errors in the
    range of normal lungs are no evidence.
    """
    errors = predictions.errors[normal]
    low, high = float(np.median(errors)), float(errors.max())
    best: tuple[float, ErrorRange] | None = None
    for factor in reversed(RANGE_FACTORS):
        candidate = ErrorRange(low, low + factor * (high - low) + 1e-6)
        auc = roc_auc(studies.labels, study_scores(predictions, studies, candidate))
        if best is None or auc > best[0] + MIN_AUC_GAIN:
            best = auc, candidate
    assert best is not None  # noqa: S101  # QUIETER is not empty
    return best[1]
