import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.calibration import probability, score_at
from screening.model_card import Calibration, OperatingPoint
from screening.verdict import Verdict, decide

PUBLISHED = Calibration(5.850918582, -3.720565461)
POINT = OperatingPoint("published", 0.44)
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.0, Verdict.NORMAL),
        (0.4399999, Verdict.NORMAL),
        (0.44, Verdict.PATHOLOGY),
        (1.0, Verdict.PATHOLOGY),
    ],
)
def test_the_operating_point_itself_is_pathology(value: float, verdict: Verdict) -> None:
    assert decide(value, POINT) is verdict


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.01, 1.01])
def test_what_is_no_probability_gets_no_verdict(value: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        decide(value, POINT)


def test_normal_is_given_on_one_line_of_the_program() -> None:
    rooms = ("screening", "gateway", "engines", "export", "training")
    giving = [
        f"{path.name}:{number}"
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"(return|=|else)\s+Verdict\.NORMAL\b", line)
    ]
    assert [line.partition(":")[0] for line in giving] == ["verdict.py"]


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_gets_no_probability(score: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        probability(score, PUBLISHED)


def test_calibration_in_closed_form() -> None:
    assert probability(3.720565461 / 5.850918582, PUBLISHED) == pytest.approx(0.5)
    assert probability(1.0, PUBLISHED) == pytest.approx(1 / (1 + math.exp(-(5.850918582 - 3.720565461))))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_calibration_keeps_the_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= probability(low, PUBLISHED) <= probability(high, PUBLISHED) <= 1.0


@given(st.floats(0.001, 0.999))
def test_the_way_back_from_a_probability(value: float) -> None:
    assert probability(score_at(value, PUBLISHED), PUBLISHED) == pytest.approx(value)
