import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.results.volume_rule import MAXIMUM, RuleName, VolumeRule

HIGHEST_20 = VolumeRule(RuleName.MEAN_OF_HIGHEST, 20.0)
RUN_20 = VolumeRule(RuleName.HIGHEST_RUN, 20.0)
UPPER_DECILE = VolumeRule(RuleName.PERCENTILE, percent=90.0)
RULES = (MAXIMUM, HIGHEST_20, RUN_20, UPPER_DECILE)
SLICES = st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 30)), min_size=1, max_size=40)


def value(rule: VolumeRule, values: list[float], extents: list[float]) -> float:
    return rule.value(np.array(values), np.array(extents))


def test_closed_form() -> None:
    assert value(MAXIMUM, [1.0, 5.0, 3.0], [8.0, 8.0, 8.0]) == 5.0
    assert value(HIGHEST_20, [1.0, 5.0, 3.0], [8.0, 8.0, 8.0]) == pytest.approx((8 * 5 + 8 * 3 + 4 * 1) / 20)
    assert value(RUN_20, [9.0, 0.0, 0.0, 5.0, 5.0], [8.0] * 5) == pytest.approx((8 * 5 + 8 * 5 + 4 * 0) / 20)
    assert value(UPPER_DECILE, [1.0, 9.0, 3.0], [80.0, 10.0, 10.0]) == 3.0


def test_less_lung_than_the_rule_asks_for_is_averaged_whole() -> None:
    assert value(HIGHEST_20, [2.0, 4.0], [5.0, 5.0]) == pytest.approx(3.0)


@pytest.mark.parametrize("rule", RULES, ids=str)
@given(slices=SLICES, parts=st.integers(1, 5))
def test_finer_sampling_of_the_same_lung_changes_nothing(
    rule: VolumeRule, slices: list[tuple[float, float]], parts: int
) -> None:
    values, extents = [one for one, _ in slices], [mm for _, mm in slices]
    fine = value(rule, np.repeat(values, parts).tolist(), (np.repeat(extents, parts) / parts).tolist())
    assert fine == pytest.approx(value(rule, values, extents), abs=1e-7)


@pytest.mark.parametrize("rule", RULES, ids=str)
@given(slices=SLICES, higher=st.floats(0, 10), number=st.integers(0, 39))
def test_a_rule_lies_within_its_slices_and_rises_with_them(
    rule: VolumeRule, slices: list[tuple[float, float]], higher: float, number: int
) -> None:
    values, extents = [one for one, _ in slices], [mm for _, mm in slices]
    before = value(rule, values, extents)
    assert min(values) - 1e-7 <= before <= max(values) + 1e-7
    assert value(rule, values[::-1], extents[::-1]) == pytest.approx(before, abs=1e-7)
    values[number % len(values)] += higher
    assert value(rule, values, extents) >= before - 1e-7


@given(SLICES)
def test_a_run_is_never_above_the_highest_of_anywhere(slices: list[tuple[float, float]]) -> None:
    values, extents = [one for one, _ in slices], [mm for _, mm in slices]
    run, highest = value(RUN_20, values, extents), value(HIGHEST_20, values, extents)
    assert run <= highest + 1e-7
    edges = np.concatenate([[0.0], np.cumsum(extents)])  # a slow twin: the mean over many windows
    width = min(20.0, float(edges[-1]))
    lines = np.linspace(0.0, edges[-1] - width, 50)
    means = [
        sum(
            max(0.0, min(high, at + width) - max(low, at)) * one
            for low, high, one in zip(edges[:-1], edges[1:], values, strict=True)
        )
        / width
        for at in lines
    ]
    assert run >= max(means) - 1e-6


@given(SLICES, st.floats(-50, 50), st.floats(0.1, 30))
def test_order_means_nothing_and_the_maximum_bounds_the_mean(
    slices: list[tuple[float, float]], more: float, mm: float
) -> None:
    values, extents = [one for one, _ in slices], [mm for _, mm in slices]
    mean = value(HIGHEST_20, values, extents)
    assert min(values) - 1e-9 <= mean <= max(values) + 1e-9
    assert value(HIGHEST_20, values[::-1], extents[::-1]) == pytest.approx(mean, abs=1e-9)
    if sum(extents) >= 20.0:  # more lung never hides what was seen
        assert value(HIGHEST_20, [*values, more], [*extents, mm]) >= mean - 1e-9


@pytest.mark.parametrize(
    ("name", "mm", "percent"),
    [
        ("maximum", 20.0, None),
        ("mean_of_highest", None, None),
        ("mean_of_highest", 0.0, None),
        ("highest_run", None, None),
        ("highest_run", 20.0, 50.0),
        ("percentile", None, None),
        ("percentile", 20.0, 50.0),
        ("percentile", None, 0.0),
        ("percentile", None, 101.0),
        ("mean_of_highest", float("nan"), None),
    ],
)
def test_a_rule_without_sense_cannot_be_made(name: str, mm: float | None, percent: float | None) -> None:
    with pytest.raises(ValueError, match="volume rule"):
        VolumeRule(RuleName(name), mm, percent)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_survives_the_model_card(rule: VolumeRule) -> None:
    assert VolumeRule.from_json(rule.to_json()) == rule
    assert VolumeRule.from_json({"name": "maximum", "mm": None}) == MAXIMUM
