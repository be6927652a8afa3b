import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from screening.results.model_card import OperatingPoint
from screening.results.verdict import Verdict, verdict_of
from tests.unit.screening.studies import prepared_phantom

POINT = OperatingPoint("published", 0.44)
ROOT = Path(__file__).resolve().parents[4]


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
    assert verdict_of(value, POINT, prepared_phantom().coverage) is verdict


def test_nan_is_not_normal() -> None:
    assert verdict_of(math.nan, POINT, prepared_phantom().coverage) is Verdict.PATHOLOGY


@pytest.mark.parametrize("value", [0.0, 0.4399999])
def test_nothing_is_normal_without_complete_coverage(value: float) -> None:
    incomplete = replace(prepared_phantom().coverage, widest_unseen_mm=40.0)
    assert verdict_of(value, POINT, incomplete) is Verdict.NOT_ANALYSED
    assert verdict_of(0.44, POINT, incomplete) is Verdict.PATHOLOGY


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
