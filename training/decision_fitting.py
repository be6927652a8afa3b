"""Decision parameters (error range, calibration, operating points): fitted on validation, evaluated on test studies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import expit

from screening.results.model_card import Calibration, FusionRules
from training.bootstrap import Interval
from training.composed_studies import ComposedStudies
from training.error_range import TEST_TIME_SLICES, VIEW_SPACING_MM, fit_fusion_rules, study_scores
from training.exact_interval import exact_interval
from training.metrics import Decision, Labels, Scores, brier, calibration_error, decide
from training.operating_points import operating_points
from training.platt_calibration import fit_platt
from training.predictions import Predictions

# Screening must miss few patients, and sensitivity on validation is too high, since thresholds are fitted on a few
# dozen patients. So the default is the point that finds all composed pathological studies of validation, not 95 % of
# them: the dense classifier separates them so well that 99 % would lie where small lesions are missed.
DEFAULT_POINT: Final = "high_sensitivity"
HISTOGRAM_BINS: Final = 20


@dataclass(frozen=True)
class EvaluatedStudies:
    """Studies of one side of the split: labels, fused scores, calibrated probabilities and data sets, all [M].

    `patients`: how many independent patients, normal and pathological, their slices are of.
    """

    labels: Labels
    scores: Scores
    probabilities: Scores
    datasets: np.typing.NDArray[np.str_]
    patients: tuple[int, int]

    def to_json(self) -> dict[str, Any]:
        """What figures on these studies were measured on, as the model card says it."""
        normal, pathological = self.patients
        return {
            "studies": len(self.labels),
            "composed": True,
            "data_sets": sorted(set(self.datasets.tolist())),
            "patients_pathological": pathological,
            "patients_normal": normal,
        }


@dataclass(frozen=True)
class Point:
    """An operating point: its threshold, fitted on validation, and its figures on test studies."""

    threshold: float
    decision: Decision
    sensitivity: Interval
    specificity: Interval
    rule_out_rate: Interval

    def to_json(self) -> dict[str, Any]:
        """The threshold, and each figure with its interval, rounded to four digits."""
        figures = {name: getattr(self, name) for name in ("sensitivity", "specificity", "rule_out_rate")}
        return {
            "threshold": self.threshold,
            **{name: round(figure.value, 4) for name, figure in figures.items()},
            **{f"{name}_ci": [round(figure.low, 4), round(figure.high, 4)] for name, figure in figures.items()},
        }


@dataclass(frozen=True)
class DecisionParameters:
    """The decision parameters that serving reads, and the test studies that they were evaluated on.

    `histogram` counts the validation studies by probability, in equal bins of [0, 1]: the reference for drift.
    """

    rules: FusionRules
    calibration: Calibration
    points: Mapping[str, Point]
    histogram: tuple[int, ...]
    test: EvaluatedStudies

    def probability(self, scores: Scores) -> Scores:
        """Calibrated probability of fused scores."""
        return calibrated(scores, self.calibration)

    def to_json(self) -> dict[str, Any]:
        """The keys of the model card that export reads, without provenance."""
        rules = self.rules
        return {
            "view_spacing_mm": VIEW_SPACING_MM,
            "test_time_slices": TEST_TIME_SLICES,
            "volume_rule": {"name": rules.volume_rule.name, "mm": rules.volume_rule.mm},
            "error_rule": {"clip": rules.error_clip, "min_lung_share": rules.error_min_lung_share},
            "error_range": {"r_min": rules.error_range.r_min, "r_max": rules.error_range.r_max},
            "calibration": {"a": self.calibration.a, "b": self.calibration.b},
            "operating_points": {
                name: point.to_json() | {"measured_on": self.test.to_json()} for name, point in self.points.items()
            },
            "operating_point": DEFAULT_POINT,
            "probability_histogram": list(self.histogram),
        }


def fit_decision(
    validation: tuple[Predictions, ComposedStudies, np.typing.NDArray[np.int64], tuple[int, int]],
    test: tuple[Predictions, ComposedStudies, tuple[int, int]],
) -> DecisionParameters:
    """Fit on validation (predictions, studies, indices of normal slices, patients), evaluate on test.

    Patients are counted as (normal, pathological).
    """
    predictions, studies, normal, patients = validation
    rules = fit_fusion_rules(predictions, studies, normal)
    scores = study_scores(predictions, studies, rules)
    calibration = fit_platt(studies.labels, scores, patients)
    probabilities = calibrated(scores, calibration)
    thresholds = operating_points(studies.labels, probabilities)
    test_predictions, test_studies, test_patients = test
    test_scores = study_scores(test_predictions, test_studies, rules)
    evaluated = EvaluatedStudies(
        test_studies.labels, test_scores, calibrated(test_scores, calibration), test_studies.datasets, test_patients
    )
    points = {name: _point(evaluated, threshold) for name, threshold in thresholds.items()}
    histogram = np.histogram(probabilities, HISTOGRAM_BINS, (0.0, 1.0))[0]
    return DecisionParameters(rules, calibration, points, tuple(histogram.tolist()), evaluated)


def calibrated(scores: Scores, calibration: Calibration) -> Scores:
    """Calibrated probabilities of scores, by Platt's sigmoid."""
    return np.asarray(expit(calibration.a * scores + calibration.b), np.float64)


def reliability_figures(labels: Labels, probabilities: Scores) -> dict[str, float]:
    """Brier score and expected calibration error (ECE)."""
    return {"brier": brier(labels, probabilities), "ece": calibration_error(labels, probabilities)}


def _point(studies: EvaluatedStudies, threshold: float) -> Point:
    """Figures at a threshold, with exact intervals as of so many patients."""
    normal, pathological = studies.patients
    decision = decide(studies.labels, studies.probabilities, threshold)
    return Point(
        threshold,
        decision,
        exact_interval(decision.sensitivity, pathological),
        exact_interval(decision.specificity, normal),
        exact_interval(decision.rule_out_rate, normal + pathological),
    )
