"""The curve that the page draws, against counting by hand."""

import numpy as np
import pytest

from training.decision_fitting import Judged
from training.roc_curve import curve_figures

LABELS = np.array([0, 0, 0, 1, 1, 1, 1])
PROBABILITIES = np.array([0.1, 0.2, 0.6, 0.3, 0.7, 0.8, 0.9])


def test_every_point_is_what_counting_gives() -> None:
    judged = Judged(LABELS, PROBABILITIES, PROBABILITIES, np.array(["one"] * 7))
    told = curve_figures(judged, "seven studies")
    thresholds = [point["threshold"] for point in told["curve"]]
    assert thresholds == sorted(set(thresholds))
    for point in told["curve"]:
        called = point["threshold"] <= PROBABILITIES
        assert point["sensitivity"] == pytest.approx(called[LABELS == 1].mean())
        assert point["specificity"] == pytest.approx(1 - called[LABELS == 0].mean())
    assert told["auc"] == pytest.approx(11 / 12)
    assert told["auc_ci"][0] <= told["auc"] <= told["auc_ci"][1]
    assert (told["studies"], told["with_pathology"], told["data"]) == (7, 4, "seven studies")
