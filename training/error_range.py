"""Fits the rules of fusion on validation: whether, and on which scale, the reconstruction error counts."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from screening.evaluation.metrics import Scores, roc_auc
from screening.results.fusion import fuse
from screening.results.model_card import ErrorRange, FusionRules
from screening.results.volume_rule import RuleName, VolumeRule
from training.composed_studies import ComposedStudies
from training.predictions import Predictions

# Of the maximum and the mean over the highest 8, 16, 20, 24, 32 and 40 mm: all reach the same ROC-AUC on composed
# studies, and the mean over 20 mm varies least with the slices that the sampling meets (docs/adr).
VOLUME_RULE: Final = VolumeRule(RuleName.MEAN_OF_HIGHEST, 20.0)
VIEW_SPACING_MM: Final = 5.0  # a ball of 10 mm is then cut twice, once within 2.5 mm of its middle
TEST_TIME_SLICES: Final = 4  # as steady as 12 (ADR 20); what they cost sees 50 slices instead of 32
RANGE_FACTORS: Final = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)  # candidates of r_max, as multiples of the largest normal error
MIN_AUC_GAIN: Final = 0.002  # the autoencoder counts only if it raises ROC-AUC by this much
MIN_LUNG_SHARE: Final = 0.05  # of the view; on less lung the errors of normal patients reach 30 times r_max


def study_scores(
    predictions: Predictions, studies: ComposedStudies, rules: FusionRules, test_time_slices: int = TEST_TIME_SLICES
) -> Scores:
    """Score of each study [M] by serving's fusion; members index the predictions."""
    extents_mm = [VIEW_SPACING_MM] * studies.members.shape[1]
    return np.array(
        [fused_score(predictions, members, extents_mm, rules, test_time_slices) for members in studies.members]
    )


def fused_score(
    predictions: Predictions,
    slices: np.typing.NDArray[np.int64],
    extents_mm: Sequence[float],
    rules: FusionRules,
    test_time_slices: int = TEST_TIME_SLICES,
) -> float:
    """Serving's score of the study of these slices."""
    augmented = predictions.augmented(slices, test_time_slices)
    outputs, shares = predictions.outputs(slices), predictions.lung_shares[slices]
    return fuse(outputs, augmented, shares, extents_mm, rules).score


def without_autoencoder(error_range: ErrorRange) -> FusionRules:
    """Rules by which the classifier decides alone; the error stays in the report."""
    return FusionRules(VOLUME_RULE, error_range, error_clip=0.0, error_min_lung_share=MIN_LUNG_SHARE)


def fit_fusion_rules(
    predictions: Predictions, studies: ComposedStudies, normal: np.typing.NDArray[np.int64]
) -> FusionRules:
    """The rules with the best ROC-AUC on these studies; the autoencoder counts only where it raises it.

    r_min is the median error of the normal slices `normal`, r_max a multiple of their largest error: errors in the
    range of normal lungs are no evidence.
    """
    errors = predictions.errors[normal]
    low, high = float(np.median(errors)), float(errors.max())
    best = without_autoencoder(ErrorRange(low, high + 1e-6))
    best_auc = roc_auc(studies.labels, study_scores(predictions, studies, best))
    for factor in reversed(RANGE_FACTORS):
        error_range = ErrorRange(low, low + factor * (high - low) + 1e-6)
        rules = FusionRules(VOLUME_RULE, error_range, error_clip=1.0, error_min_lung_share=MIN_LUNG_SHARE)
        auc = roc_auc(studies.labels, study_scores(predictions, studies, rules))
        if auc > best_auc + MIN_AUC_GAIN:
            best, best_auc = rules, auc
    return best
