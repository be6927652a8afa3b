"""Figures against simple implementations, a second library, and closed forms."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_auroc, binary_average_precision

from screening.evaluation.metrics import (
    OneClass,
    average_precision,
    brier,
    calibration_error,
    decide,
    roc_auc,
    roc_curve,
)

CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda cases: 0 < sum(label for label, _ in cases) < len(cases)
)


@given(CASES)
def test_auc_counts_pairs(cases: list[tuple[int, int]]) -> None:
    labels, scores = np.array(cases).T
    pairs = [
        (pathological > normal) + (pathological == normal) / 2
        for pathological in scores[labels == 1]
        for normal in scores[labels == 0]
    ]
    assert roc_auc(labels, scores.astype(float)) == pytest.approx(np.mean(pairs))


@given(CASES)
def test_auc_and_average_precision_equal_torchmetrics(cases: list[tuple[int, int]]) -> None:
    labels, scores = np.array(cases).T
    probabilities = scores / 8.0
    given_, wanted = torch.from_numpy(probabilities), torch.from_numpy(labels)
    assert roc_auc(labels, probabilities) == pytest.approx(float(binary_auroc(given_, wanted)), abs=1e-6)
    assert average_precision(labels, probabilities) == pytest.approx(
        float(binary_average_precision(given_, wanted)), abs=1e-6
    )


@given(CASES)
def test_area_under_the_curve_is_auc(cases: list[tuple[int, int]]) -> None:
    labels, scores = np.array(cases).T
    alarms, hits = roc_curve(labels, scores.astype(float))
    assert np.trapezoid(hits, alarms) == pytest.approx(roc_auc(labels, scores.astype(float)))


def test_decision_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    decision = decide(labels, np.array([0.1, 0.2, 0.6, 0.5, 0.4]), 0.5)
    assert decision.sensitivity == 0.5
    assert decision.specificity == pytest.approx(2 / 3)
    assert decision.precision == 0.5
    assert decision.f1 == 0.5
    assert decision.rule_out_rate == pytest.approx(3 / 5)


def test_brier_and_calibration_error_by_hand() -> None:
    labels, probabilities = np.array([0, 1]), np.array([0.25, 0.75])
    assert brier(labels, probabilities) == pytest.approx(0.0625)
    assert calibration_error(labels, probabilities) == pytest.approx(0.25)
    assert calibration_error(np.array([0, 1]), np.array([0.5, 0.5])) == pytest.approx(0.0)
    assert calibration_error(np.array([1, 0]), np.array([1.0, 0.0])) == pytest.approx(0.0)


def test_one_class_is_refused() -> None:
    with pytest.raises(OneClass):
        roc_auc(np.array([1, 1]), np.array([0.1, 0.2]))
