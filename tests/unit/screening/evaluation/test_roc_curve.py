"""The ROC curve of the page, against counts by hand."""

import numpy as np
import pytest

from screening.evaluation.evaluated_studies import EvaluatedStudies
from screening.evaluation.roc_curve import curve_figures

LABELS = np.array([0, 0, 0, 1, 1, 1, 1])
PROBABILITIES = np.array([0.1, 0.2, 0.6, 0.3, 0.7, 0.8, 0.9])


def test_every_point_equals_a_count_by_hand() -> None:
    studies = EvaluatedStudies(LABELS, PROBABILITIES, PROBABILITIES, np.array(["one"] * 7), (3, 4))
    figures = curve_figures(studies, "seven studies")
    thresholds = [point["threshold"] for point in figures["curve"]]
    assert thresholds == sorted(set(thresholds))
    for point in figures["curve"]:
        called = point["threshold"] <= PROBABILITIES
        assert point["sensitivity"] == pytest.approx(called[LABELS == 1].mean())
        assert point["specificity"] == pytest.approx(1 - called[LABELS == 0].mean())
    assert figures["auc"] == pytest.approx(11 / 12)
    assert figures["auc_ci"][0] <= figures["auc"] <= figures["auc_ci"][1]
    assert (figures["studies"], figures["with_pathology"], figures["data"]) == (7, 4, "seven studies")
