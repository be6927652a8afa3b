import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import EngineFault
from screening.results.calibration import probability, score_at
from screening.results.model_card import Calibration, InvalidModelCard

PUBLISHED = Calibration(5.850918582, -3.720565461)


def test_closed_form() -> None:
    assert probability(3.720565461 / 5.850918582, PUBLISHED) == pytest.approx(0.5)
    assert probability(1.0, PUBLISHED) == pytest.approx(1 / (1 + math.exp(-(5.850918582 - 3.720565461))))


@given(st.floats(-100, 1e6), st.floats(-100, 1e6))
def test_calibration_keeps_the_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 < probability(low, PUBLISHED) <= probability(high, PUBLISHED) <= 1.0


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1e-3, 50), st.floats(-100, 100))
def test_of_the_logit_it_keeps_the_order_and_is_never_0_or_1(one: float, other: float, a: float, b: float) -> None:
    calibration = Calibration(a, b, "logit")
    low, high = sorted((one, other))
    assert 0.0 < probability(low, calibration) <= probability(high, calibration) < 1.0


def test_of_the_logit_the_score_itself_is_a_probability() -> None:
    assert probability(0.3, Calibration(1.0, 0.0, "logit")) == pytest.approx(0.3)
    with pytest.raises(EngineFault):
        probability(math.nan, Calibration(1.0, 0.0, "logit"))


@given(st.floats(0.001, 0.999), st.sampled_from((PUBLISHED, Calibration(2.0, -1.0, "logit"))))
def test_the_score_at_a_threshold_has_that_probability(threshold: float, calibration: Calibration) -> None:
    score = score_at(threshold, calibration)
    if 1e-6 < score < 1 - 1e-6:
        assert probability(score, calibration) == pytest.approx(threshold)


def test_the_card_keeps_of_what_it_is() -> None:
    for calibration in (PUBLISHED, Calibration(2.0, -1.0, "logit")):
        assert Calibration(**calibration.to_json()) == calibration
    with pytest.raises(InvalidModelCard):
        Calibration(1.0, 0.0, "square")  # type: ignore[arg-type]


@pytest.mark.parametrize("score", [math.nan, -math.inf, -1e6])
def test_a_score_without_a_probability_is_an_error(score: float) -> None:
    with pytest.raises(EngineFault, match="no probability"):
        probability(score, PUBLISHED)
