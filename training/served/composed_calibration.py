"""Calibration as served: do probabilities of composed studies say how often a study is ill? With intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS, FINDINGS_MODEL
from screening.evaluation.bootstrap import Interval
from screening.evaluation.metrics import Labels, Scores, brier, calibration_error
from screening.evaluation.platt_calibration import fit_platt
from screening.results.calibration import calibrated
from screening.results.model_card import ModelCard
from training.composed_studies import SLICES_PER_STUDY, ComposedStudies, compose_studies
from training.error_range import study_scores
from training.evaluation import STUDIES_PER_CLASS
from training.predictions import Networks, Predictions
from training.served.exported_networks import ExportedNetworks
from training.slice_cache import SliceRow

DRAWS: Final = 60


@dataclass(frozen=True)
class ComposedSide:
    """Published slices of one side of the split, what the exported files say of them, and the studies made of them."""

    rows: tuple[SliceRow, ...]
    predictions: Predictions
    studies: ComposedStudies

    @classmethod
    def of(cls, rows: Sequence[SliceRow], predictions: Predictions) -> "ComposedSide":
        studies = compose_studies(rows, range(len(rows)), SLICES_PER_STUDY, STUDIES_PER_CLASS)
        return cls(tuple(rows), predictions, studies)


@dataclass(frozen=True)
class CalibrationLine:
    """Calibration on the composed studies of one side; intervals are over patients, resampled `DRAWS` times.

    `slope` is 1 where odds are right, below 1 where probabilities are too extreme. `lowest` and `highest` probability.
    """

    side: str
    studies: int
    patients: tuple[int, int]
    ece: Interval
    brier: Interval
    slope: Interval
    lowest: float
    highest: float


def deciding_networks(networks: ExportedNetworks) -> Networks:
    """The exported files for `training.predictions.predict`; what decides no verdict is not computed."""

    def classifier(views: NDArray[np.uint8], masks: NDArray[np.uint8]) -> NDArray[np.float32]:
        return networks.classify(views, masks)[:, np.newaxis]

    def error(views: NDArray[np.uint8], masks: NDArray[np.uint8]) -> NDArray[np.float32]:
        return networks.errors(views, masks)[:, np.newaxis]

    def findings(views: NDArray[np.uint8], masks: NDArray[np.uint8]) -> NDArray[np.float32]:
        del masks
        return np.zeros((len(views), len(FINDINGS)), np.float32)

    return {CLASSIFIER: classifier, AUTOENCODER: error, FINDINGS_MODEL: findings}


def calibration_line(name: str, side: ComposedSide, card: ModelCard, draws: int = DRAWS) -> CalibrationLine:
    """The figures of one side of the split."""
    labels, probabilities = side.studies.labels, _probabilities(side.predictions, side.studies, card)
    patients = _patients(side)
    random = np.random.default_rng(0)
    drawn = [_figures(*_drawn(side, card, random), patients) for _ in range(draws)]
    figures = _figures(labels, probabilities, patients)
    intervals = [
        Interval(value, *(float(edge) for edge in np.percentile([one[number] for one in drawn], (2.5, 97.5))))
        for number, value in enumerate(figures)
    ]
    lowest, highest = float(probabilities.min()), float(probabilities.max())
    return CalibrationLine(name, len(labels), patients, intervals[0], intervals[1], intervals[2], lowest, highest)


def _figures(labels: Labels, probabilities: Scores, patients: tuple[int, int]) -> tuple[float, float, float]:
    slope = fit_platt(labels, probabilities, patients, of="logit").a
    return calibration_error(labels, probabilities), brier(labels, probabilities), slope


def _drawn(side: ComposedSide, card: ModelCard, random: np.random.Generator) -> tuple[Labels, Scores]:
    """Studies composed of the slices of patients that were drawn with replacement, within data set and class."""
    groups: dict[tuple[str, int], dict[str, list[int]]] = {}
    for index, row in enumerate(side.rows):
        groups.setdefault((row.dataset, row.label or 0), {}).setdefault(row.patient, []).append(index)
    indices = [index for group in groups.values() for index in _resampled(list(group.values()), random)]
    seed = int(random.integers(2**31))
    studies = compose_studies(side.rows, indices, SLICES_PER_STUDY, STUDIES_PER_CLASS, seed)
    return studies.labels, _probabilities(side.predictions, studies, card)


def _resampled(patients: Sequence[list[int]], random: np.random.Generator) -> Iterator[int]:
    for number in random.integers(len(patients), size=len(patients)):
        yield from patients[number]


def _probabilities(predictions: Predictions, studies: ComposedStudies, card: ModelCard) -> Scores:
    scores = study_scores(predictions, studies, card.fusion, card.test_time_slices)
    return calibrated(scores, card.calibration)


def _patients(side: ComposedSide) -> tuple[int, int]:
    """Patients with normal slices only, and with pathological ones, of the sets that studies are made of."""
    rows = [row for row in side.rows if row.dataset in set(side.studies.datasets.tolist())]
    pathological = {row.patient for row in rows if row.label == 1}
    return len({row.patient for row in rows} - pathological), len(pathological)
