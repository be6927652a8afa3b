"""The 16 findings of a study: present, absent, or not assessed by these weights.

The score of a finding is made of its values in all slices by a volume rule, as the score of the study is of the logits.
It decides nothing about the verdict: it names what a pathology may be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from screening.contract import FINDINGS, NOT_DETERMINED
from screening.results.finding_rules import FindingRules


class FindingStatus(StrEnum):
    """What is said of a finding; the values are stable."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True)
class Finding:
    """One of the 16. Without an assessment it has no numbers: they would be read as a guess.

    `score` is the study's, `threshold` what it was held against; `slice` is the index in the series of the slice where
    the finding has its highest value.
    """

    name: str
    status: FindingStatus
    score: float | None = None
    threshold: float | None = None
    slice: int | None = None

    @property
    def margin(self) -> float:
        """How far the score lies above its threshold, as a part of the way from there to 1; negative below it."""
        if self.score is None or self.threshold is None:
            return -np.inf
        above = self.score - self.threshold
        return above / (1.0 - self.threshold) if above >= 0 else above / self.threshold


def assess_findings(
    values: NDArray[np.float32],
    slices: Sequence[int],
    extents_mm: Sequence[float],
    rules: FindingRules,
) -> tuple[Finding, ...]:
    """All 16 findings from their values [K, 16] in the `slices` [K], which stand for so many mm of lung each.

    Present ones first, those farthest above their thresholds leading; then absent ones; then those not assessed.
    """
    wide, extents = values.astype(np.float64), np.asarray(extents_mm, np.float64)
    found = []
    for number, name in enumerate(FINDINGS):
        threshold = rules.thresholds.get(name)
        if threshold is None:
            found.append(Finding(name, FindingStatus.NOT_ASSESSED))
            continue
        score = rules.volume_rule.value(wide[:, number], extents)
        status = FindingStatus.PRESENT if score >= threshold else FindingStatus.ABSENT
        found.append(Finding(name, status, score, threshold, slices[int(wide[:, number].argmax())]))
    return tuple(sorted(found, key=lambda finding: -finding.margin))


def named_finding(findings: Iterable[Finding]) -> str:
    """The name of the leading finding that is present; `NOT_DETERMINED` when none is."""
    present = (finding.name for finding in findings if finding.status is FindingStatus.PRESENT)
    return next(present, NOT_DETERMINED)
