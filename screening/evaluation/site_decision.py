"""What a site's own studies decide about a model card: volume rule, calibration and operating points.

Everything is fitted by `best_rule` and `fit_site_decision`, which cross-validation repeats on each fold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from screening.evaluation.bootstrap import cases_by_class, resampled
from screening.evaluation.metrics import Labels, Scores, roc_auc
from screening.evaluation.operating_points import operating_points
from screening.evaluation.platt_calibration import fit_platt
from screening.evaluation.scored_studies import ScoredStudies
from screening.results.calibration import calibrated, score_at
from screening.results.model_card import Calibration, ModelCard
from screening.results.volume_rule import CANDIDATES, VolumeRule

KEPT: Final = "as_shipped"  # the operating point at which the shipped card called these studies, on the site's scale
DRAWS: Final = 400
CHANCE: Final = 0.05 / len(CANDIDATES)  # Bonferroni: with so many candidates one is better by chance
MIN_THRESHOLD: Final = 1e-12  # inside (0, 1), and never raised by more than this


@dataclass(frozen=True)
class SiteDecision:
    """The fitted rule and calibration, and a threshold for each operating point, `as_shipped` included."""

    rule: VolumeRule
    calibration: Calibration
    thresholds: Mapping[str, float]

    def probabilities(self, studies: ScoredStudies, served: VolumeRule) -> Scores:
        """Calibrated probability of each study [M]."""
        return calibrated(studies.scores(self.rule, served), self.calibration)


def fit_site_decision(studies: ScoredStudies, base: ModelCard, rule: VolumeRule) -> SiteDecision:
    """Fit calibration and points on all of these studies; every patient of a class counts one, whatever his studies.

    Thresholds lie on the lowest scores that the reports allow: a study that sets one is found by it in service, where
    no score is rounded. With the rule of the card `base`, `as_shipped` is among the points.
    """
    served, weights = base.fusion.volume_rule, studies.patient_weights
    scores = studies.scores(rule, served)
    calibration = fit_platt(studies.labels, scores, studies.patient_counts, weights, "logit")
    lowest = calibrated(studies.lowest_scores(rule, served), calibration)
    thresholds = operating_points(studies.labels, lowest, weights)
    if rule == served:
        thresholds[KEPT] = same_score(base.operating_point.threshold, base.calibration, calibration)
    return SiteDecision(rule, calibration, thresholds)


def same_score(probability: float, shipped: Calibration, site: Calibration) -> float:
    """The probability by the site's calibration of the score that has this one by the shipped calibration.

    0 and 1, which no score has, stay as they are.
    """
    if probability in (0.0, 1.0):
        return probability
    there = float(calibrated(np.array([score_at(probability, shipped)]), site)[0])
    return float(np.clip(there, MIN_THRESHOLD, 1 - MIN_THRESHOLD))


def best_rule(studies: ScoredStudies, served: VolumeRule) -> VolumeRule:
    """The volume rule with the highest ROC-AUC, where its gain over the served one is more than chance.

    Chance is judged by a paired bootstrap over patients. With few studies nothing is proved, and the served rule stays.
    """
    others = [rule for rule in CANDIDATES if rule != served]
    by_rule = {rule: studies.scores(rule, served) for rule in (served, *others)}
    labels = studies.labels
    aucs = {rule: roc_auc(labels, scores) for rule, scores in by_rule.items()}
    for rule in sorted(others, key=lambda rule: -aucs[rule]):
        if aucs[rule] <= aucs[served]:
            return served
        if lowest_gain(labels, by_rule[served], by_rule[rule], studies.patients) > 0:
            return rule
    return served


def lowest_gain(labels: Labels, before: Scores, after: Scores, patients: np.typing.NDArray[np.str_]) -> float:
    """The gain in ROC-AUC that chance exceeds in all but CHANCE of the resamplings of patients."""
    random = np.random.default_rng(0)
    groups = cases_by_class(labels, patients)
    gains = []
    for _ in range(DRAWS):
        cases = resampled(groups, random)
        gains.append(roc_auc(labels[cases], after[cases]) - roc_auc(labels[cases], before[cases]))
    return float(np.quantile(gains, CHANCE))
