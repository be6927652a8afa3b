"""Decision parameters (error range, calibration, operating points): fitted on validation, evaluated on test studies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from screening.evaluation.evaluated_studies import EvaluatedStudies, Point, measured_point
from screening.evaluation.metrics import Scores
from screening.evaluation.operating_points import operating_points
from screening.evaluation.platt_calibration import fit_platt
from screening.results.calibration import calibrated
from screening.results.model_card import Calibration, FusionRules
from training.composed_studies import ComposedStudies
from training.error_range import TEST_TIME_SLICES, VIEW_SPACING_MM, fit_fusion_rules, study_scores
from training.predictions import Predictions

# Screening must miss few patients, and sensitivity on validation is too high, since thresholds are fitted on a few
# dozen patients. So the default is the point that finds all composed pathological studies of validation, not 95 % of
# them: the dense classifier separates them so well that 99 % would lie where small lesions are missed.
DEFAULT_POINT: Final = "high_sensitivity"
HISTOGRAM_BINS: Final = 20


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
            "volume_rule": rules.volume_rule.to_json(),
            "error_rule": {"clip": rules.error_clip, "min_lung_share": rules.error_min_lung_share},
            "error_range": {"r_min": rules.error_range.r_min, "r_max": rules.error_range.r_max},
            "calibration": self.calibration.to_json(),
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
    points = {name: measured_point(evaluated, threshold) for name, threshold in thresholds.items()}
    histogram = np.histogram(probabilities, HISTOGRAM_BINS, (0.0, 1.0))[0]
    return DecisionParameters(rules, calibration, points, tuple(histogram.tolist()), evaluated)
