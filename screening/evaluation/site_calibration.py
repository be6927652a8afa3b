"""Calibrates a model card on a site's own studies, and judges it on patients that the judged fit has not seen.

    calibration = calibrate_site(studies, card)
    calibration.before, calibration.after     the same studies by the shipped card, and cross-validated by patient

Too few patients are refused (`CalibrationRefused`), and no fit makes the service miss more than it did unless enough
pathological patients prove it safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from screening.evaluation.bootstrap import Interval, interval
from screening.evaluation.evaluated_studies import Point, point_of
from screening.evaluation.exact_interval import exact_interval
from screening.evaluation.metrics import Scores, brier, calibration_error, decision_of, roc_auc
from screening.evaluation.patient_folds import patient_folds
from screening.evaluation.scored_studies import ScoredStudies
from screening.evaluation.site_decision import KEPT, SiteDecision, best_rule, fit_site_decision
from screening.results.calibration import calibrated
from screening.results.model_card import ModelCard
from screening.results.volume_rule import VolumeRule
from screening.user_error import UserError

MIN_PATIENTS: Final = 30  # of each class; all of 30 found still allows 11.6 % missed (0.025 ** (1 / 30) = 0.884)
FOLDS: Final = 10
# Lower bound of the sensitivity from which a point may miss more than the shipped one: 36 patients with none missed.
SAFE_SENSITIVITY: Final = 0.90
DRAWS: Final = 400
CHANCE_AUC: Final = 0.5
UNKNOWN: Final = Interval(float("nan"), 0.0, 1.0)


class CalibrationRefused(UserError, ValueError):
    """These studies are no ground for a model card; `code` is stable, the message says what is missing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class SiteFigures:
    """Figures on the site's studies, intervals over patients; those of a class without patients are NaN."""

    auc: Interval
    brier: Interval
    calibration_error: Interval
    points: Mapping[str, Point]
    probabilities: Scores


@dataclass(frozen=True)
class SiteCalibration:
    """What was fitted on all of the studies, the operating point by default, and the figures before and after.

    `before_point` is the point of the shipped card that the site used. `after` is cross-validated: each patient is
    judged by a fit on the other patients. `kept`: the default point stays where `before_point` is, since the wanted one
    would miss more and too few patients prove it safe.
    """

    studies: ScoredStudies
    decision: SiteDecision
    before_point: str
    wanted_point: str
    kept: bool
    before: SiteFigures
    after: SiteFigures

    @property
    def default_point(self) -> str:
        """The operating point of the site's card, until an admin chooses another."""
        return KEPT if self.kept else self.wanted_point


def calibrate_site(studies: ScoredStudies, base: ModelCard, point: str | None = None) -> SiteCalibration:
    """Fit volume rule, calibration and operating points.

    `base` is the shipped card, at the operating point that the site uses: nothing may miss more than this one without
    proof. `point` is the wanted default, else the point of the same name. Raises CalibrationRefused.
    """
    _refuse_too_few(studies)
    studies = studies.in_order()
    before = shipped_figures(studies, base)
    _refuse_not_told_apart(studies, base)
    in_use = base.operating_point.name
    wanted = point or in_use
    served = base.fusion.volume_rule
    rule = best_rule(studies, served) if studies.other_rules_known(served) else served
    decision, after = _fit_and_judge(studies, base, rule)
    if wanted not in after.points:
        raise CalibrationRefused("unknown_point", f"there is no operating point {wanted}: {', '.join(after.points)}")
    kept = not is_safe(after.points[wanted], before.points[in_use])
    if kept and rule != served:
        decision, after = _fit_and_judge(studies, base, served)
    return SiteCalibration(studies, decision, in_use, wanted, kept, before, after)


def shipped_figures(studies: ScoredStudies, base: ModelCard) -> SiteFigures:
    """The studies by the shipped card, which has seen none of them; also of a single class."""
    probabilities = calibrated(studies.scores(base.fusion.volume_rule, base.fusion.volume_rule), base.calibration)
    called = {name: probabilities >= point.threshold for name, point in base.operating_points.items()}
    thresholds = {name: point.threshold for name, point in base.operating_points.items()}
    return _figures(studies, probabilities, called, thresholds)


def is_safe(after: Point, before: Point) -> bool:
    """Whether a point misses no more of the site's patients than the one before.

    Or else whether it lets more normal studies through, and is proved to miss few.
    """
    gains = after.specificity.value > before.specificity.value
    return after.sensitivity.value >= before.sensitivity.value or (gains and after.sensitivity.low >= SAFE_SENSITIVITY)


def _fit_and_judge(studies: ScoredStudies, base: ModelCard, rule: VolumeRule) -> tuple[SiteDecision, SiteFigures]:
    """The fit on all studies, and the figures of fits on nine tenths of the patients on the other tenth.

    Where `rule`, chosen on all studies, is not the served one, each of those fits chooses its own.
    """
    decision, served = fit_site_decision(studies, base, rule), base.fusion.volume_rule
    probabilities = np.empty(len(studies))
    called = {name: np.zeros(len(studies), np.bool_) for name in decision.thresholds}
    for training, test in patient_folds(studies.labels, studies.patients, FOLDS):
        seen = studies.subset(training)
        fold = fit_site_decision(seen, base, served if rule == served else best_rule(seen, served))
        probabilities[test] = fold.probabilities(studies.subset(test), served)
        for name, calls in called.items():
            calls[test] = probabilities[test] >= fold.thresholds[name]
    return decision, _figures(studies, probabilities, called, decision.thresholds)


def _figures(
    studies: ScoredStudies,
    probabilities: Scores,
    called: Mapping[str, np.typing.NDArray[np.bool_]],
    thresholds: Mapping[str, float],
) -> SiteFigures:
    labels, weights, patients = studies.labels, studies.patient_weights, studies.patients
    points = {
        name: point_of(decision_of(labels, calls, weights), thresholds[name], studies.patient_counts)
        for name, calls in called.items()
    }
    both = 0 < labels.sum() < len(labels)
    # As of so many independent pairs: an AUC of 1 then has a width, which no bootstrap gives it.
    auc = exact_interval(roc_auc(labels, probabilities), min(studies.patient_counts)) if both else UNKNOWN
    return SiteFigures(
        auc,
        interval(brier, labels, probabilities, patients, DRAWS),
        interval(calibration_error, labels, probabilities, patients, DRAWS),
        points,
        probabilities,
    )


def _refuse_too_few(studies: ScoredStudies) -> None:
    normal, pathological = studies.patient_counts
    if min(normal, pathological) >= MIN_PATIENTS:
        return
    raise CalibrationRefused(
        "too_few_patients",
        f"{normal} patients with normal and {pathological} with pathological studies; {MIN_PATIENTS} of each are needed"
        + ("" if pathological else ". Normal studies alone do not tell what a higher threshold would miss"),
    )


def _refuse_not_told_apart(studies: ScoredStudies, base: ModelCard) -> None:
    scores = studies.scores(base.fusion.volume_rule, base.fusion.volume_rule)
    auc = interval(roc_auc, studies.labels, scores, studies.patients, DRAWS)
    if auc.low <= CHANCE_AUC:
        raise CalibrationRefused(
            "not_told_apart",
            f"the networks do not tell these studies apart: ROC-AUC {auc}. Look whether the labels are reversed, and at"
            " the heatmaps of some studies; no calibration helps here",
        )
