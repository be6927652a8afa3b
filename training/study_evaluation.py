"""Evaluation of whole studies as in serving: all of the lungs, by the fusion rules."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from screening.evaluation.metrics import OneClass, roc_auc
from screening.lungs.slice_sampling import extents_mm
from screening.results.fusion import normalised_error
from training.decision_fitting import DecisionParameters
from training.error_range import fused_score
from training.predictions import Predictions
from training.slice_cache import SliceRow


@dataclass(frozen=True)
class StudyResult:
    """A study with its label, scores by network, probability, and the operating points by which it is pathology.

    `slices_auc` is None unless the single slices have labels of both classes.
    """

    study: str
    label: int
    classifier: float
    autoencoder: float
    probability: float
    called: tuple[str, ...]
    slices_auc: float | None


def study_results(
    rows: Sequence[SliceRow], predictions: Predictions, decision: DecisionParameters
) -> Iterator[StudyResult]:
    """A result for each study that is a volume; `rows` and `predictions` are in the same order."""
    studies: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.height_mm is not None:
            studies[row.study].append(index)
    probability = expit(predictions.slice_logits())
    errors = normalised_error(predictions.errors, decision.rules.error_range)
    for study, members in sorted(studies.items()):
        indices = np.array(members, np.int64)
        heights = [rows[index].height_mm or 0.0 for index in members]
        extents = extents_mm(heights, range(len(heights))).tolist()
        score = np.array([fused_score(predictions, indices, extents, decision.rules)])
        calibrated = float(decision.probability(score)[0])
        labels = np.array([rows[index].label for index in members], np.int64)
        enough_lung = predictions.lung_shares[indices] >= decision.rules.error_min_lung_share
        yield StudyResult(
            study=study.rsplit("/", 1)[-1],
            label=int(labels.max()),
            classifier=float(probability[indices].max()),
            autoencoder=float(errors[indices][enough_lung].max(initial=0.0)),
            probability=calibrated,
            called=tuple(name for name, point in decision.points.items() if calibrated >= point.threshold),
            slices_auc=_auc(labels, probability[indices]),
        )


def _auc(labels: np.typing.NDArray[np.int64], scores: np.typing.NDArray[np.float64]) -> float | None:
    try:
        return roc_auc(labels, scores)
    except OneClass:
        return None
