"""Evaluation of whole studies as in serving: twelve slices over the lungs, fused by maximum."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from screening.fusion import normalised_error
from training.decision_fitting import DecisionParameters
from training.metrics import OneClass, roc_auc
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
    rows: Sequence[SliceRow], predictions: Predictions, decision_parameters: DecisionParameters, slices: int
) -> Iterator[StudyResult]:
    """A result for each study that is a volume; `rows` and `predictions` are in the same order."""
    studies: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.position is not None:
            studies[row.study].append(index)
    probability = predictions.probability()
    errors = normalised_error(predictions.errors, decision_parameters.error_range)
    for study, indices in sorted(studies.items()):
        seen = np.array(indices)[_middles_of_parts(len(indices), slices)]
        score = np.array([max(probability[seen].max(), errors[seen].max())])
        calibrated = float(decision_parameters.probability(score)[0])
        labels = np.array([rows[index].label for index in indices], np.int64)
        yield StudyResult(
            study=study.rsplit("/", 1)[-1],
            label=int(labels.max()),
            classifier=float(probability[seen].max()),
            autoencoder=float(errors[seen].max()),
            probability=calibrated,
            called=tuple(name for name, point in decision_parameters.points.items() if calibrated >= point.threshold),
            slices_auc=_auc(labels, np.maximum(probability, errors)[indices]),
        )


def _middles_of_parts(count: int, slices: int) -> np.typing.NDArray[np.int64]:
    """Indices of at most `slices` of `count`: the middle of each of as many equal parts."""
    return np.unique(((np.arange(slices) + 0.5) * count / slices).astype(np.int64).clip(0, count - 1))


def _auc(labels: np.typing.NDArray[np.int64], scores: np.typing.NDArray[np.float64]) -> float | None:
    try:
        return roc_auc(labels, scores)
    except OneClass:
        return None
