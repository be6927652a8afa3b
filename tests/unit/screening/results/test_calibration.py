import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.errors import EngineFault
from screening.results.calibration import probability
from screening.results.model_card import Calibration

PUBLISHED = Calibration(5.850918582, -3.720565461)


def test_closed_form() -> None:
    assert probability(3.720565461 / 5.850918582, PUBLISHED) == pytest.approx(0.5)
    assert probability(1.0, PUBLISHED) == pytest.approx(1 / (1 + math.exp(-(5.850918582 - 3.720565461))))


@given(st.floats(-100, 1e6), st.floats(-100, 1e6))
def test_calibration_keeps_the_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 < probability(low, PUBLISHED) <= probability(high, PUBLISHED) <= 1.0


@pytest.mark.parametrize("score", [math.nan, -math.inf, -1e6])
def test_a_score_without_a_probability_is_an_error(score: float) -> None:
    with pytest.raises(EngineFault, match="no probability"):
        probability(score, PUBLISHED)
