"""Figures of an operating point: an interval is over a known number of patients and has a width, or there is none."""

import json
from typing import Any

import pytest

from gateway.screening.model_repository import CARD
from gateway.settings.settings import ROOT
from screening.results.model_card import InvalidModelCard, MeasuredOn, ModelCard, OperatingPoint

SHIPPED: dict[str, Any] = json.loads((ROOT / "model_repository" / CARD).read_text("utf-8"))
MEASURED_ON = {
    "studies": 400,
    "composed": True,
    "data_sets": ["emphysema", "iq_oth_nccd"],
    "patients_pathological": 45,
    "patients_normal": 22,
}
FIGURES = {"threshold": 0.3, "sensitivity": 0.93, "sensitivity_ci": [0.81, 0.99], "specificity": 1.0}


def point(**figures: Any) -> OperatingPoint:
    """The operating point of a card that has these figures."""
    card = {**SHIPPED, "operating_points": {"one": {**FIGURES, **figures}}, "operating_point": "one"}
    return ModelCard.from_json(card).operating_point


def test_figures_are_read_with_their_patients() -> None:
    read = point(specificity_ci=[0.85, 1.0], measured_on=MEASURED_ON)
    assert (read.sensitivity_ci, read.specificity_ci) == ((0.81, 0.99), (0.85, 1.0))
    assert read.measured_on == MeasuredOn(400, True, ("emphysema", "iq_oth_nccd"), 45, 22)


@pytest.mark.parametrize("interval", [[1.0, 1.0], [0.9, 1.0]])
def test_an_interval_over_no_known_patients_is_dropped(interval: list[float]) -> None:
    read = point(specificity_ci=interval)
    assert (read.specificity, read.specificity_ci, read.sensitivity_ci) == (1.0, None, None)


@pytest.mark.parametrize("interval", [[1.0, 1.0], [0.9, 0.8], [0.9, 1.1]])
def test_an_interval_without_width_is_refused(interval: list[float]) -> None:
    with pytest.raises(InvalidModelCard):
        point(specificity_ci=interval, measured_on=MEASURED_ON)


@pytest.mark.parametrize("missing", [{"patients_normal": 0}, {"studies": 0}, {"data_sets": []}])
def test_an_evaluation_of_nothing_is_refused(missing: dict[str, Any]) -> None:
    with pytest.raises(InvalidModelCard):
        point(measured_on={**MEASURED_ON, **missing})


def test_no_shipped_interval_is_without_width() -> None:
    for one in ModelCard.from_json(SHIPPED).operating_points.values():
        for interval in (one.sensitivity_ci, one.specificity_ci, one.rule_out_rate_ci):
            assert interval is None or interval[0] < interval[1]
