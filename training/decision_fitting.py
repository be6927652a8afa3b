"""Decision parameters (error range, calibration, operating points): fitted on validation, evaluated on test studies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import expit

from screening.model_card import Calibration, ErrorRange
from training.bootstrap import Interval, interval
from training.composed_studies import ComposedStudies
from training.error_range import fit_error_range, study_scores
from training.metrics import Decision, Labels, Scores, brier, calibration_error, decide
from training.operating_points import operating_points
from training.platt_calibration import fit_platt
from training.predictions import Predictions

# Screening must miss few patients, and sensitivity on validation is too high, since thresholds are fitted on a few
# dozen patients. So the default is the point with 99 % on validation, not 95 %; the other four are for comparison.
DEFAULT_POINT: Final = "high_sensitivity"
HISTOGRAM_BINS: Final = 20


@dataclass(frozen=True)
class EvaluatedStudies:
    """Studies of one side of the split: labels, fused scores, calibrated probabilities and data sets, all [M]."""

    labels: Labels
    scores: Scores
    probabilities: Scores
    datasets: np.typing.NDArray[np.str_]


@dataclass(frozen=True)
class Point:
    """An operating point: its threshold, fitted on validation, and its figures on test studies."""

    threshold: float
    decision: Decision
    sensitivity: Interval
    specificity: Interval
    rule_out_rate: Interval


@dataclass(frozen=True)
class DecisionParameters:
    """The decision parameters that serving reads, and the test studies that they were evaluated on.

    `histogram` counts the validation studies by probability, in equal bins of [0, 1]: the reference for drift.
    """

    error_range: ErrorRange
    calibration: Calibration
    points: Mapping[str, Point]
    histogram: tuple[int, ...]
    test: EvaluatedStudies

    def probability(self, scores: Scores) -> Scores:
        """Calibrated probability of fused scores."""
        return calibrated(scores, self.calibration)

    def to_json(self, slices_per_study: int) -> dict[str, Any]:
        """The keys of the model card that export reads, without provenance."""
        return {
            "slices_per_study": slices_per_study,
            "error_range": {"r_min": self.error_range.r_min, "r_max": self.error_range.r_max},
            "calibration": {"a": self.calibration.a, "b": self.calibration.b},
            "operating_points": {
                name: {
                    "threshold": point.threshold,
                    "sensitivity": round(point.decision.sensitivity, 4),
                    "specificity": round(point.decision.specificity, 4),
                    "sensitivity_ci": [round(point.sensitivity.low, 4), round(point.sensitivity.high, 4)],
                    "specificity_ci": [round(point.specificity.low, 4), round(point.specificity.high, 4)],
                    "rule_out_rate": round(point.rule_out_rate.value, 4),
                }
                for name, point in self.points.items()
            },
            "operating_point": DEFAULT_POINT,
            "probability_histogram": list(self.histogram),
        }


def fit_decision(
    validation: tuple[Predictions, ComposedStudies, np.typing.NDArray[np.int64]],
    test: tuple[Predictions, ComposedStudies],
) -> DecisionParameters:
    """Fit on validation (predictions, studies, indices of normal slices), evaluate on test (predictions, studies)."""
    predictions, studies, normal = validation
    error_range = fit_error_range(predictions, studies, normal)
    scores = study_scores(predictions, studies, error_range)
    calibration = fit_platt(studies.labels, scores)
    probabilities = calibrated(scores, calibration)
    thresholds = operating_points(studies.labels, probabilities)
    test_scores = study_scores(*test, error_range)
    evaluated = EvaluatedStudies(test[1].labels, test_scores, calibrated(test_scores, calibration), test[1].datasets)
    points = {name: _point(evaluated, threshold) for name, threshold in thresholds.items()}
    histogram = np.histogram(probabilities, HISTOGRAM_BINS, (0.0, 1.0))[0]
    return DecisionParameters(error_range, calibration, points, tuple(histogram.tolist()), evaluated)


def calibrated(scores: Scores, calibration: Calibration) -> Scores:
    """Calibrated probabilities of scores, by Platt's sigmoid."""
    return np.asarray(expit(calibration.a * scores + calibration.b), np.float64)


def reliability_figures(labels: Labels, probabilities: Scores) -> dict[str, float]:
    """Brier score and expected calibration error (ECE)."""
    return {"brier": brier(labels, probabilities), "ece": calibration_error(labels, probabilities)}


def _point(studies: EvaluatedStudies, threshold: float) -> Point:
    patients = np.arange(len(studies.labels)).astype(str)  # each composed study counts as one patient

    def of(name: str) -> Interval:
        def figure(labels: Labels, probabilities: Scores) -> float:
            return float(getattr(decide(labels, probabilities, threshold), name))

        return interval(figure, studies.labels, studies.probabilities, patients)

    decision = decide(studies.labels, studies.probabilities, threshold)
    return Point(threshold, decision, of("sensitivity"), of("specificity"), of("rule_out_rate"))
