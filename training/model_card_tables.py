"""Tables of the model card: single slices by network and data set."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from screening.evaluation.bootstrap import Interval, interval
from screening.evaluation.metrics import Labels, Scores, average_precision, roc_auc
from screening.results.fusion import normalised_error
from screening.results.model_card import FusionRules
from training.predictions import Predictions
from training.slice_cache import SliceRow


@dataclass(frozen=True)
class SliceResult:
    """One row: figures of `part` (a network or their fusion) on the slices of one data set."""

    part: str
    dataset: str
    slices: int
    patients: int
    auc: Interval
    precision: Interval


def parts_of(predictions: Predictions, rules: FusionRules) -> Mapping[str, Scores]:
    """Slice scores of each network alone and of their fusion."""
    errors = normalised_error(predictions.errors, rules.error_range)
    augmented = predictions.slice_logits()
    return {
        "classifier, plain view": predictions.slice_logits(augmented=False),
        "classifier, five views": augmented,
        "autoencoder": errors,
        "fusion": np.maximum(expit(augmented), np.minimum(errors, rules.error_clip)),
    }


def slice_results(rows: Sequence[SliceRow], parts: Mapping[str, Scores], draws: int) -> Iterator[SliceResult]:
    """A row for each part and each data set with both classes."""
    labels = np.array([row.label for row in rows], np.int64)
    patients = np.array([row.patient for row in rows])
    datasets = np.array([row.dataset for row in rows])
    for part, scores in parts.items():
        for name in sorted(set(datasets.tolist())):
            chosen = datasets == name
            if len(np.unique(labels[chosen])) == 2:
                yield _line(part, name, labels[chosen], scores[chosen], patients[chosen], draws)


def _line(
    part: str, dataset: str, labels: Labels, scores: Scores, patients: NDArray[np.str_], draws: int
) -> SliceResult:
    intervals = [interval(figure, labels, scores, patients, draws) for figure in (roc_auc, average_precision)]
    return SliceResult(part, dataset, len(labels), len(np.unique(patients)), *intervals)
