"""What decides verdicts besides the weights, fitted on validation and judged on test: the model card's numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import expit

from screening.model_card import Calibration, ErrorRange
from training.bootstrap import Interval, interval
from training.composed_studies import Composed
from training.error_range import fit_error_range, study_scores
from training.metrics import Decision, Labels, Scores, brier, calibration_error, decide
from training.operating_points import operating_points
from training.platt_calibration import fit_platt
from training.predictions import Predictions

# A screening must miss little, and validation flatters: thresholds are fitted on a few dozen patients, and others are
# found less often. So the point of 99 % on validation, not that of 95 %; the other four are for comparison.
CHOSEN: Final = "high_sensitivity"
BINS: Final = 20


@dataclass(frozen=True)
class Judged:
    """Studies of one side: labels, fused scores and calibrated probabilities, all [M]."""

    labels: Labels
    scores: Scores
    probabilities: Scores
    datasets: np.typing.NDArray[np.str_]


@dataclass(frozen=True)
class Point:
    """An operating point: where it was chosen, and what it does on the test side."""

    threshold: float
    decision: Decision
    sensitivity: Interval
    specificity: Interval
    rule_out_rate: Interval


@dataclass(frozen=True)
class Judgement:
    """All numbers that serving reads, and how they fare on test studies.

    `histogram` counts the validation studies by probability, in equal bins: what serving compares its own days with.
    """

    error_range: ErrorRange
    calibration: Calibration
    points: Mapping[str, Point]
    histogram: tuple[int, ...]
    test: Judged

    def probability(self, scores: Scores) -> Scores:
        """Calibrated probability of fused scores."""
        return calibrated(scores, self.calibration)

    def to_json(self, slices_per_study: int) -> dict[str, Any]:
        """As export takes it: serving's keys, without provenance."""
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
            "operating_point": CHOSEN,
            "probability_histogram": list(self.histogram),
        }


def judge(
    validation: tuple[Predictions, Composed, np.typing.NDArray[np.int64]], test: tuple[Predictions, Composed]
) -> Judgement:
    """Fit on validation (its third part are the places of normal slices), judge on test."""
    predictions, studies, normal = validation
    error_range = fit_error_range(predictions, studies, normal)
    scores = study_scores(predictions, studies, error_range)
    calibration = fit_platt(studies.labels, scores)
    probabilities = calibrated(scores, calibration)
    thresholds = operating_points(studies.labels, probabilities)
    test_scores = study_scores(*test, error_range)
    judged = Judged(test[1].labels, test_scores, calibrated(test_scores, calibration), test[1].datasets)
    points = {name: _point(judged, threshold) for name, threshold in thresholds.items()}
    histogram = np.histogram(probabilities, BINS, (0.0, 1.0))[0]
    return Judgement(error_range, calibration, points, tuple(histogram.tolist()), judged)


def calibrated(scores: Scores, calibration: Calibration) -> Scores:
    """Platt's probability of scores."""
    return np.asarray(expit(calibration.a * scores + calibration.b), np.float64)


def reliability_figures(labels: Labels, probabilities: Scores) -> dict[str, float]:
    """Brier and ECE."""
    return {"brier": brier(labels, probabilities), "ece": calibration_error(labels, probabilities)}


def _point(judged: Judged, threshold: float) -> Point:
    alone = np.arange(len(judged.labels)).astype(str)  # each composed study stands for a patient of its own

    def of(name: str) -> Interval:
        def figure(labels: Labels, probabilities: Scores) -> float:
            return float(getattr(decide(labels, probabilities, threshold), name))

        return interval(figure, judged.labels, judged.probabilities, alone)

    decision = decide(judged.labels, judged.probabilities, threshold)
    return Point(threshold, decision, of("sensitivity"), of("specificity"), of("rule_out_rate"))
