"""Comparison of kinds of training: each arm is one or several runs that differ in their seed, all on the same slices.

A difference of two arms is computed on the same resampled patients, so what is hard for both does not widen its
interval. The interval is over patients; over seeds the figures are averaged, and their spread is shown beside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from screening.evaluation.bootstrap import DRAWS, Interval, interval
from screening.evaluation.metrics import Labels, Scores, roc_auc
from training.slice_scores import PartScores, Patients, read_scores

HEADER: Final = "| data set | arm | ROC-AUC of slices | runs | against {} | ROC-AUC of patients | against {} |"


class DifferentSlices(ValueError):
    """The runs were not evaluated on the same slices."""


@dataclass(frozen=True)
class Arm:
    """A kind of training and the folders of its evaluated runs."""

    name: str
    runs: tuple[Path, ...]

    @classmethod
    def of(cls, text: str, folder: Path) -> Self:
        """Of `ARM=RUN,RUN`, runs in this folder."""
        name, _, runs = text.partition("=")
        return cls(name, tuple(folder / run for run in runs.split(",")))


@dataclass(frozen=True)
class Level:
    """ROC-AUC of an arm, mean over its runs, and its difference to the first arm; of slices or of patients."""

    runs: tuple[float, ...]
    auc: Interval
    difference: Interval | None


@dataclass(frozen=True)
class ComparedArm:
    """An arm on one data set and side. A patient's score is the mean logit of its slices."""

    dataset: str
    side: str
    arm: str
    slices: Level
    patients: Level


def compare(arms: Sequence[Arm]) -> list[ComparedArm]:
    """Each arm on each data set and side, held against the first arm; raises DifferentSlices."""
    scored = [(arm, [read_scores(run) for run in arm.runs]) for arm in arms]
    reference = scored[0][1][0]
    return [
        compared
        for number, part in enumerate(reference)
        for compared in _compared_part(part, [(arm, _logits(part, number, runs)) for arm, runs in scored])
    ]


def comparison_lines(compared: Sequence[ComparedArm]) -> Iterator[str]:
    """Markdown: a row for each data set, side and arm."""
    first = compared[0].arm
    yield HEADER.format(first, first)
    yield "|---|---|---|---|---|---|---|"
    for one in compared:
        runs = ", ".join(f"{auc:.3f}" for auc in one.slices.runs)
        slices, patients = ((str(level.auc), _signed(level.difference)) for level in (one.slices, one.patients))
        cells = (f"{one.dataset}, {one.side}", one.arm, slices[0], runs, slices[1], *patients)
        yield f"| {' | '.join(cells)} |"


def _compared_part(part: PartScores, logits: Sequence[tuple[Arm, Scores]]) -> Iterator[ComparedArm]:
    names, members = np.unique(part.patients, return_inverse=True)
    labels = np.array([part.labels[members == number].max() for number in range(len(names))], np.int64)
    by_patient = [
        np.stack([scores[members == number].mean(axis=0) for number in range(len(names))]) for _, scores in logits
    ]
    for number, (arm, scores) in enumerate(logits):
        others = (None, None) if number == 0 else (logits[0][1], by_patient[0])
        slices = _level(part.labels, scores, others[0], part.patients)
        patients = _level(labels, by_patient[number], others[1], names)
        yield ComparedArm(part.dataset, part.side, arm.name, slices, patients)


def _level(labels: Labels, scores: Scores, first: Scores | None, patients: Patients) -> Level:
    """Scores [N, R] of the runs of an arm, and [N, Q] of those of the first arm."""
    auc = interval(_mean_auc, labels, scores, patients, DRAWS)
    runs = tuple(roc_auc(labels, run) for run in scores.T)
    if first is None:
        return Level(runs, auc, None)
    count = scores.shape[1]

    def difference(drawn: Labels, both: Scores) -> float:
        return _mean_auc(drawn, both[:, :count]) - _mean_auc(drawn, both[:, count:])

    return Level(runs, auc, interval(difference, labels, np.hstack([scores, first]), patients, DRAWS))


def _mean_auc(labels: Labels, scores: Scores) -> float:
    return float(np.mean([roc_auc(labels, run) for run in scores.T]))


def _logits(part: PartScores, number: int, runs: Sequence[Sequence[PartScores]]) -> Scores:
    """Logits [N, R] of the runs for the slices of this part."""
    parts = [run[number] for run in runs if number < len(run)]
    if len(parts) < len(runs) or any(not np.array_equal(one.slices, part.slices) for one in parts):
        raise DifferentSlices(f"{part.dataset}, {part.side}: the runs were not evaluated on the same slices")
    return np.stack([one.logits for one in parts], axis=1)


def _signed(difference: Interval | None) -> str:
    return f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})" if difference else "-"
