"""The tables of the model card: slices by data set and by part, findings by class, whole studies held out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS
from screening.fusion import normalised_error
from screening.model_card import ErrorRange
from training.bootstrap import Interval, interval
from training.metrics import Labels, OneClass, Scores, average_precision, roc_auc
from training.predictions import Predictions
from training.slice_cache import Row


@dataclass(frozen=True)
class SliceTable:
    """One line: which scores, on which data set, over how many slices and patients."""

    part: str
    dataset: str
    slices: int
    patients: int
    auc: Interval
    precision: Interval


@dataclass(frozen=True)
class FindingLine:
    """One class: slices that show it for certain, ROC-AUC against certain others, and recall of the first place.

    `agreement` is the recall of the first place against the soft targets' first place.
    """

    name: str
    certain: int
    auc: float | None
    recall: float | None
    taught: int
    agreement: float | None


def parts_of(predictions: Predictions, error_range: ErrorRange) -> Mapping[str, Scores]:
    """Scores of each part alone and of their fusion, by slice."""
    errors = normalised_error(predictions.errors, error_range)
    probability = predictions.probability()
    return {
        "classifier, plain view": predictions.probability(augmented=False),
        "classifier, five views": probability,
        "autoencoder": errors,
        "fusion": np.maximum(probability, errors),
    }


def slice_lines(rows: Sequence[Row], parts: Mapping[str, Scores], draws: int) -> Iterator[SliceTable]:
    """A line for each part and each data set with both classes."""
    labels = np.array([row.label for row in rows], np.int64)
    patients = np.array([row.patient for row in rows])
    datasets = np.array([row.dataset for row in rows])
    for part, scores in parts.items():
        for name in sorted(set(datasets.tolist())):
            chosen = datasets == name
            if len(np.unique(labels[chosen])) == 2:
                yield _line(part, name, labels[chosen], scores[chosen], patients[chosen], draws)


def finding_lines(rows: Sequence[Row], findings: NDArray[np.float32]) -> Iterator[FindingLine]:
    """A line for each of the 16."""
    certain = [row.findings for row in rows]
    known = np.array([shown is not None for shown in certain])
    taught = np.array([int(np.argmax(row.scores)) if row.scores else -1 for row in rows])
    first = findings.argmax(axis=1)
    for number, name in enumerate(FINDINGS):
        shows = np.array([bool(shown) and name in (shown or ()) for shown in certain])
        led = taught == number
        yield FindingLine(
            name,
            int(shows.sum()),
            _auc(shows[known].astype(np.int64), findings[known, number].astype(np.float64)),
            float((first[shows] == number).mean()) if shows.any() else None,
            int(led.sum()),
            float((first[led] == number).mean()) if led.any() else None,
        )


def _line(
    part: str, dataset: str, labels: Labels, scores: Scores, patients: NDArray[np.str_], draws: int
) -> SliceTable:
    intervals = [interval(figure, labels, scores, patients, draws) for figure in (roc_auc, average_precision)]
    return SliceTable(part, dataset, len(labels), len(np.unique(patients)), *intervals)


def _auc(labels: Labels, scores: Scores) -> float | None:
    try:
        return roc_auc(labels, scores)
    except OneClass:
        return None
