"""Real studies as serving would judge them: twelve slices over the lungs, the worst decides."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from screening.fusion import normalised_error
from training.decision_fitting import Judgement
from training.metrics import OneClass, roc_auc
from training.predictions import Predictions
from training.slice_cache import Row


@dataclass(frozen=True)
class StudyLine:
    """A study with its truth, its score by part, its probability, and which operating points call it pathology.

    `slices_auc` is there where its single slices were read by a person.
    """

    study: str
    label: int
    classifier: float
    autoencoder: float
    probability: float
    called: tuple[str, ...]
    slices_auc: float | None


def study_lines(
    rows: Sequence[Row], predictions: Predictions, judgement: Judgement, slices: int
) -> Iterator[StudyLine]:
    """A line for each study that came as a volume; `rows` and `predictions` are in the same order."""
    studies: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.position is not None:
            studies[row.study].append(place)
    probability = predictions.probability()
    errors = normalised_error(predictions.errors, judgement.error_range)
    for study, places in sorted(studies.items()):
        seen = np.array(places)[_spread(len(places), slices)]
        score = np.array([max(probability[seen].max(), errors[seen].max())])
        calibrated = float(judgement.probability(score)[0])
        labels = np.array([rows[place].label for place in places], np.int64)
        yield StudyLine(
            study=study.rsplit("/", 1)[-1],
            label=int(labels.max()),
            classifier=float(probability[seen].max()),
            autoencoder=float(errors[seen].max()),
            probability=calibrated,
            called=tuple(name for name, point in judgement.points.items() if calibrated >= point.threshold),
            slices_auc=_auc(labels, np.maximum(probability, errors)[places]),
        )


def _spread(count: int, slices: int) -> np.typing.NDArray[np.int64]:
    """Evenly, each slice in the middle of its share."""
    return np.unique(((np.arange(slices) + 0.5) * count / slices).astype(np.int64).clip(0, count - 1))


def _auc(labels: np.typing.NDArray[np.int64], scores: np.typing.NDArray[np.float64]) -> float | None:
    try:
        return roc_auc(labels, scores)
    except OneClass:
        return None
