import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.results.volume_rule import MAXIMUM, RuleName, VolumeRule

HIGHEST_20 = VolumeRule(RuleName.MEAN_OF_HIGHEST, 20.0)
SLICES = st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 30)), min_size=1, max_size=40)


def value(rule: VolumeRule, values: list[float], extents: list[float]) -> float:
    return rule.value(np.array(values), np.array(extents))


def test_closed_form() -> None:
    assert value(MAXIMUM, [1.0, 5.0, 3.0], [8.0, 8.0, 8.0]) == 5.0
    assert value(HIGHEST_20, [1.0, 5.0, 3.0], [8.0, 8.0, 8.0]) == pytest.approx((8 * 5 + 8 * 3 + 4 * 1) / 20)


def test_less_lung_than_the_rule_asks_for_is_averaged_whole() -> None:
    assert value(HIGHEST_20, [2.0, 4.0], [5.0, 5.0]) == pytest.approx(3.0)


@given(SLICES, st.integers(1, 5))
def test_finer_sampling_of_the_same_lung_changes_nothing(slices: list[tuple[float, float]], parts: int) -> None:
    values, extents = [one for one, _ in slices], [mm for _, mm in slices]
    fine = value(HIGHEST_20, np.repeat(values, parts).tolist(), (np.repeat(extents, parts) / parts).tolist())
    assert fine == pytest.approx(value(HIGHEST_20, values, extents), abs=1e-9)


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


@pytest.mark.parametrize(("name", "mm"), [("maximum", 20.0), ("mean_of_highest", None), ("mean_of_highest", 0.0)])
def test_a_rule_without_sense_cannot_be_made(name: str, mm: float | None) -> None:
    with pytest.raises(ValueError, match="volume rule"):
        VolumeRule(RuleName(name), mm)
