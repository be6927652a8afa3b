"""Calibration figures of composed studies: the slope tells odds that are too extreme from those that are right."""

import numpy as np
import pytest
from scipy.special import logit

from screening.results.model_card import ModelCard
from tests.unit.training.served.bright_networks import CARD
from training.predictions import Predictions
from training.served.composed_calibration import ComposedSide, calibration_line
from training.slice_cache import SliceRow

PATIENTS = 40


@pytest.fixture(scope="module")
def side() -> ComposedSide:
    """Two sets of forty patients with four slices each; logits of ill slices are 1.5 higher, with a deviation of 1."""
    random = np.random.default_rng(2)
    rows, logits = [], []
    for dataset in ("one", "two"):
        for patient in range(PATIENTS):
            for number in range(4):
                label = patient % 2
                rows.append(SliceRow(dataset, f"{dataset} {patient}", f"{patient} {number}", label, None, (), None))
                logits.append(random.normal(1.5 * label, 1.0))
    views = np.repeat(np.array(logits, np.float32)[:, np.newaxis], 5, axis=1)
    count = len(rows)
    return ComposedSide.of(
        rows, Predictions(views, np.zeros(count, np.float32), np.zeros((count, 16), np.float32), np.ones(count))
    )


def card_with(a: float, b: float) -> ModelCard:
    return ModelCard.from_json({**CARD, "calibration": {"a": a, "b": b}})


def test_the_interval_holds_the_figure_and_has_a_width(side: ComposedSide) -> None:
    line = calibration_line("test", side, card_with(20.0, -17.0), draws=20)
    assert line.patients == (PATIENTS, PATIENTS)
    assert line.studies == 400
    for figure in (line.ece, line.brier, line.slope):
        assert figure.low < figure.high
        assert np.isfinite([figure.value, figure.low, figure.high]).all()
    assert 0.0 < line.lowest < line.highest < 1.0
    assert 0.0 <= line.ece.value <= 1.0


def test_odds_that_are_ten_times_too_extreme_have_a_tenth_of_the_slope(side: ComposedSide) -> None:
    right = calibration_line("test", side, card_with(10.0, -8.5), draws=3)
    extreme = calibration_line("test", side, card_with(40.0, -34.0), draws=3)
    assert extreme.slope.value == pytest.approx(right.slope.value / 4, rel=0.2)
    assert extreme.highest > right.highest
    assert logit(extreme.highest) == pytest.approx(4 * logit(right.highest), rel=0.05)
