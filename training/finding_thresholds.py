"""The score from which a finding is called present, and how often that is right: on studies composed of slices.

A study of a data set holds slices without the finding, or from a sixth of its slices up with it, as
`training.composed_studies` composes them for pathology. What is most easily called by mistake is another disease: half
of the studies without the finding are of patients who have another one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS
from screening.evaluation.bootstrap import Interval
from screening.evaluation.exact_interval import exact_interval
from screening.results.volume_rule import RuleName, VolumeRule
from training.composed_studies import MIN_PATHOLOGICAL_FRACTION, SLICES_PER_STUDY
from training.error_range import VIEW_SPACING_MM
from training.finding_comparisons import FindingValues
from training.finding_targets import known_findings
from training.slice_cache import SliceRow

SPECIFICITY: Final = 0.95  # a name that is wrong harms more than one that is missing: the verdict stays
STUDIES: Final = 100  # of each data set and kind
# Slices are drawn at random, so that no rule of neighbours can be fitted; as for pathology, one slice decides nothing.
FINDING_RULE: Final = VolumeRule(RuleName.MEAN_OF_HIGHEST, 20.0)

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class FindingStudies:
    """Scores of composed studies with and without a finding, and the patients that their slices are of.

    `groups` [M] is what each study without it is: normal, or with other findings, of which data set.
    """

    with_it: Doubles
    without_it: Doubles
    groups: NDArray[np.int64]
    patients_with: int
    patients_without: int

    def threshold(self) -> float:
        """The lowest score at or above which at most 5 % of the studies of every group without the finding lie.

        Of every group: over all of them together, one data set may be called again and again.
        """
        passed = [
            np.quantile(self.without_it[self.groups == group], SPECIFICITY, method="higher")
            for group in np.unique(self.groups)
        ]
        return float(np.nextafter(max(passed), 1.0))

    def sensitivity(self, threshold: float) -> Interval:
        """Fraction of the studies with the finding that are called; as of so many patients."""
        return exact_interval(float((self.with_it >= threshold).mean()), self.patients_with)

    def specificity(self, threshold: float) -> Interval:
        """Fraction of the studies without the finding that are not called; as of so many patients."""
        return exact_interval(float((self.without_it < threshold).mean()), self.patients_without)


def finding_studies(name: str, slices: FindingValues) -> FindingStudies | None:
    """Studies composed for this finding; None where no slice has it, or none is known to be without it."""
    values = slices.values[:, FINDINGS.index(name)].astype(np.float64)
    shown = np.array([name in (known_findings(row) or ()) for row in slices.rows], np.bool_)
    absent = np.array([known_findings(row) is not None for row in slices.rows], np.bool_) & ~shown
    if not (shown.any() and absent.any()):
        return None
    random = np.random.default_rng(0)
    with_it = [values[study] for study in _studies_with(slices.rows, shown, absent, random)]
    groups, members = zip(*_studies_without(slices.rows, absent, random), strict=True)
    without_it = [values[study] for study in members]
    extents = np.full(SLICES_PER_STUDY, VIEW_SPACING_MM)
    called, passed = (
        np.array([FINDING_RULE.value(one, extents) for one in studies]) for studies in (with_it, without_it)
    )
    return FindingStudies(
        called, passed, np.array(groups), _patients(slices.rows, shown), _patients(slices.rows, absent)
    )


def _studies_with(
    rows: Sequence[SliceRow], shown: NDArray[np.bool_], absent: NDArray[np.bool_], random: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """A data set without any slice that is free of the finding gets the others' normal slices."""
    for chosen in _of_each_set(rows, shown):
        dataset = rows[chosen[0]].dataset
        free = np.flatnonzero(absent & np.array([row.dataset == dataset for row in rows]))
        if not len(free):
            free = np.flatnonzero(absent & np.array([row.label == 0 for row in rows]))
        for _ in range(STUDIES if len(free) else 0):
            count = int(
                random.integers(round(SLICES_PER_STUDY * MIN_PATHOLOGICAL_FRACTION), SLICES_PER_STUDY, endpoint=True)
            )
            yield np.concatenate([random.choice(chosen, count), random.choice(free, SLICES_PER_STUDY - count)])


def _studies_without(
    rows: Sequence[SliceRow], absent: NDArray[np.bool_], random: np.random.Generator
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """As many studies of normal slices as of slices with other findings, by data set; with the number of the group."""
    normal = absent & np.array([row.label == 0 for row in rows])
    for number, kind in enumerate((normal, absent & ~normal)):
        sets = _of_each_set(rows, kind)
        for place, chosen in enumerate(sets):
            for _ in range(STUDIES * 4 // len(sets)):
                yield 100 * number + place, random.choice(chosen, SLICES_PER_STUDY)


def _of_each_set(rows: Sequence[SliceRow], chosen: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    datasets = np.array([row.dataset for row in rows])
    names = sorted(set(datasets[chosen].tolist()))
    return [np.flatnonzero(chosen & (datasets == name)) for name in names]


def _patients(rows: Sequence[SliceRow], chosen: NDArray[np.bool_]) -> int:
    return len({row.patient for row, one in zip(rows, chosen, strict=True) if one})
