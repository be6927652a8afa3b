import math
import re
from pathlib import Path

import pytest

from screening.model_card import OperatingPoint
from screening.verdict import Verdict, verdict_of

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
    assert verdict_of(value, POINT) is verdict


def test_nan_is_not_normal() -> None:
    assert verdict_of(math.nan, POINT) is Verdict.PATHOLOGY


def test_normal_is_given_on_one_line_of_the_program() -> None:
    packages = ("screening", "gateway", "engines", "export", "training")
    lines = [
        f"{path.name}:{number}"
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"(return|=|else)\s+Verdict\.NORMAL\b", line)
    ]
    assert [line.partition(":")[0] for line in lines] == ["verdict.py"]
