"""How well a finding is told from what it is not: three comparisons, each with an interval over patients.

A label alone proves little: most data sets have one finding, so that a network which knows the data set knows the
finding. Slices of one data set, and twins of one slice, differ in no such way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS
from screening.evaluation.bootstrap import DRAWS, Interval, interval
from screening.evaluation.metrics import roc_auc
from training.finding_targets import known_findings
from training.slice_cache import SliceRow

LEAST_PATIENTS: Final = 5  # on each side of a comparison; fewer say nothing


class Against(StrEnum):
    """What the slices with a finding are compared with."""

    SAME_SET = "slices of the same data set without it"
    OTHER_FINDINGS = "slices of other data sets with another finding"
    PAINTED = "the same normal slices with lesions of another kind"


@dataclass(frozen=True)
class FindingValues:
    """N slices, and the values [N, 16] of the findings in them."""

    rows: Sequence[SliceRow]
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Comparison:
    """ROC-AUC of a finding, and how many patients are on each side."""

    against: Against
    auc: Interval
    patients_with: int
    patients_without: int


def comparisons(name: str, real: FindingValues, painted: FindingValues) -> Iterator[Comparison]:
    """The comparisons that these slices allow; of several data sets the one with the lowest bound."""
    of_sets = [one for dataset in _datasets(real.rows) if (one := _within(name, real, dataset)) is not None]
    if of_sets:
        yield min(of_sets, key=lambda comparison: comparison.auc.low)
    others = [_diseased(row) and (_shows(name, row) or _foreign(name, row, real)) for row in real.rows]
    yield from _compared(name, Against.OTHER_FINDINGS, real, np.array(others, np.bool_))
    yield from _compared(name, Against.PAINTED, painted, np.ones(len(painted.rows), np.bool_))


def _within(name: str, real: FindingValues, dataset: str) -> Comparison | None:
    chosen = np.array([row.dataset == dataset and known_findings(row) is not None for row in real.rows], np.bool_)
    return next(_compared(name, Against.SAME_SET, real, chosen), None)


def _foreign(name: str, row: SliceRow, real: FindingValues) -> bool:
    """Whether the slice is of a data set without this finding."""
    return not any(_shows(name, other) for other in real.rows if other.dataset == row.dataset)


def _diseased(row: SliceRow) -> bool:
    return bool(row.findings)


def _shows(name: str, row: SliceRow) -> bool:
    return name in (row.findings or ())


def _compared(name: str, against: Against, slices: FindingValues, chosen: NDArray[np.bool_]) -> Iterator[Comparison]:
    numbers = np.flatnonzero(chosen).tolist()
    labels = np.array([_shows(name, slices.rows[number]) for number in numbers], np.int64)
    patients = np.array([slices.rows[number].patient for number in numbers])
    shown, without = len(set(patients[labels == 1].tolist())), len(set(patients[labels == 0].tolist()))
    if min(shown, without) >= LEAST_PATIENTS:
        scores = slices.values[numbers, FINDINGS.index(name)].astype(np.float64)
        yield Comparison(against, interval(roc_auc, labels, scores, patients, DRAWS), shown, without)


def _datasets(rows: Sequence[SliceRow]) -> list[str]:
    return sorted({row.dataset for row in rows})
