"""Labelled studies with the score that they had as served, read from their reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from screening.evaluation.metrics import Labels, Scores
from screening.results.calibration import CERTAIN
from screening.results.expert_opinion import expert_is_asked
from screening.results.fusion import study_parts
from screening.results.model_card import ModelCard
from screening.results.volume_rule import VolumeRule

ROUNDING: Final = 5.0001e-7  # half of the last digit that a report gives, and the error of the rounding itself
# On a value by another rule: 5e-7 mm for each mm, times the range of logits, 40 at most.
ROUNDING_OF_MM: Final = 2e-5
SAME_SCORE: Final = 1e-3  # the rounding of slices near a probability of 1 reaches this


class LeftOut(StrEnum):
    """Why a study cannot be calibrated on; each value is a count's name in the results."""

    NO_LABEL = "no_label"
    CONTRADICTED = "contradicted"
    SEVERAL_STUDIES = "several_studies"
    FAILED = "failed"
    NOT_COVERED = "not_covered"
    OTHER_NETWORKS = "other_networks"
    OTHER_RULE = "other_rule"


@dataclass(frozen=True)
class ScoredStudy:
    """A study as served: its score, and of its K slices `logits`, `r` and `extents_mm`, empty in older reports.

    `month` is YYYY-MM. `study` and `patient` are what the user named; they go into no log and no model card.
    """

    study: str
    patient: str
    label: int
    score: float
    month: str | None = None
    logits: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)
    r: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)
    extents_mm: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)

    def score_by(self, rule: VolumeRule) -> float:
        """The score that another volume rule gives."""
        return max(study_parts(self.logits, self.r, self.extents_mm, rule))

    def lowest_score_by(self, rule: VolumeRule) -> float:
        """The lowest score by another volume rule whose report, rounded, is this one."""
        logits = logit(np.maximum(expit(self.logits) - ROUNDING, CERTAIN)) - ROUNDING_OF_MM
        return max(study_parts(logits, self.r - ROUNDING - ROUNDING_OF_MM, self.extents_mm, rule))


@dataclass(frozen=True)
class ScoredStudies:
    """M labelled studies, as arrays; `patients` [M] tells which belong together."""

    studies: tuple[ScoredStudy, ...]

    def __len__(self) -> int:
        return len(self.studies)

    def subset(self, indices: NDArray[np.int64]) -> "ScoredStudies":
        """The studies with these indices."""
        return ScoredStudies(tuple([self.studies[index] for index in indices]))

    def in_order(self) -> "ScoredStudies":
        """By name, so that sums over the studies are equal to the last digit in whatever order they were scored."""
        return ScoredStudies(tuple(sorted(self.studies, key=lambda one: (one.patient, one.study, one.score))))

    @cached_property
    def labels(self) -> Labels:
        return np.array([study.label for study in self.studies], np.int64)

    @cached_property
    def patients(self) -> NDArray[np.str_]:
        return np.array([study.patient for study in self.studies], np.str_)

    @cached_property
    def patient_weights(self) -> Scores:
        """What each study counts, so that every patient of a class counts one."""
        keys = np.array([f"{study.label}{study.patient}" for study in self.studies])
        _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        return np.asarray(1.0 / counts[inverse], np.float64)

    @property
    def patient_counts(self) -> tuple[int, int]:
        """Independent patients with normal and with pathological studies."""
        return len(set(self.patients[self.labels == 0])), len(set(self.patients[self.labels == 1]))

    @property
    def months(self) -> tuple[str, str] | None:
        """The first and the last month of the studies that have a date."""
        known = sorted(study.month for study in self.studies if study.month)
        return (known[0], known[-1]) if known else None

    def scores(self, rule: VolumeRule, served: VolumeRule) -> Scores:
        """The score of each study [M] by `rule`; those of the `served` rule are the reports' own."""
        if rule == served:
            return np.array([study.score for study in self.studies], np.float64)
        return np.array([study.score_by(rule) for study in self.studies], np.float64)

    def lowest_scores(self, rule: VolumeRule, served: VolumeRule) -> Scores:
        """As `scores`, the lowest that the reports allow: their floats are rounded, and those of serving are not."""
        if rule == served:
            return np.array([study.score - ROUNDING for study in self.studies], np.float64)
        return np.array([study.lowest_score_by(rule) for study in self.studies], np.float64)

    def other_rules_known(self, served: VolumeRule) -> bool:
        """Whether the reports hold the slices, and the served score follows from them alone."""
        return all(
            len(study.extents_mm) and abs(study.score_by(served) - study.score) <= SAME_SCORE for study in self.studies
        )


def scored_study(
    reports: Sequence[Mapping[str, Any]],
    study: str,
    patient: str,
    label: int,
    card: ModelCard,
    month: str | None = None,
) -> ScoredStudy | LeftOut:
    """The scored study of an upload's reports, as JSON, with the score that this card gives it, or why there is none.

    A score by another volume rule is made anew from the slices, where the report has all that this needs.

    A study whose lungs were not seen whole is left out whatever its score: serving calls it pathology or not analysed,
    never normal, and the reports of the second kind hold no score. Kept for the first kind alone, they would flatter.
    """
    if len(reports) != 1:
        return LeftOut.SEVERAL_STUDIES
    (report,) = reports
    if not report.get("coverage", {}).get("complete", True):
        return LeftOut.NOT_COVERED
    if report["error"] is not None or "score" not in report or "expert3d_error" in report.get("evidence", {}):
        return LeftOut.FAILED
    if report["provenance"]["file_hashes"] != dict(card.file_hashes):
        return LeftOut.OTHER_NETWORKS
    found = ScoredStudy(study, patient, label, float(report["score"]), month, *_slices(report))
    made_by = _volume_rule(report["provenance"], card)
    return LeftOut.OTHER_RULE if made_by is None else _by_card(found, report["evidence"], made_by, card)


def _volume_rule(provenance: Mapping[str, Any], card: ModelCard) -> VolumeRule | None:
    """The volume rule of the report; None where something else than that makes the score otherwise.

    An older report names the card alone.
    """
    if "score_fingerprint" not in provenance:
        return card.fusion.volume_rule if provenance.get("model_card") == card.version else None
    same = provenance["score_fingerprint"] == card.score_fingerprint
    return VolumeRule.from_json(provenance["volume_rule"]) if same else None


def _by_card(
    found: ScoredStudy, evidence: Mapping[str, Any], made_by: VolumeRule, card: ModelCard
) -> ScoredStudy | LeftOut:
    """The study with the score of this card; none where the card asks the 3D expert, and the report did not."""
    rule, expert = card.fusion.volume_rule, evidence.get("expert3d")
    alone = max(evidence["classifier_p"], evidence["reconstruction_r"])
    if made_by != rule:
        if not len(found.extents_mm) or abs(found.score_by(made_by) - alone) > SAME_SCORE:
            return LeftOut.OTHER_RULE
        alone = found.lowest_score_by(rule)
    slice_mm = evidence.get("slice_distance_mm", 0.0)  # an older report has none: as if the expert could be asked
    if not expert_is_asked(card, alone, slice_mm):
        return replace(found, score=alone)
    return LeftOut.OTHER_RULE if expert is None else replace(found, score=max(alone, expert["p"]))


def _slices(report: Mapping[str, Any]) -> tuple[NDArray[np.float64], ...]:
    """Logits, r and mm of the slices; none where a p reads 0, whose logit may be any low number."""
    slices = report["evidence"]["slices"]
    if any("extent_mm" not in one or not one["classifier_p"] for one in slices):
        return ()
    p, r, extents = (
        np.array([one[name] for one in slices], np.float64)
        for name in ("classifier_p", "reconstruction_r", "extent_mm")
    )
    return logit(np.minimum(p, 1 - ROUNDING)), r, extents
