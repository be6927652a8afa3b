"""Painted vessels lie in the lungs, are as wide as they should be, and change both values of a pair alike."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.test_volume_lesions import NOISE_HU, SOFT_HU, chest
from training.synthesis.volume_lesions import LungStack
from training.synthesis.volume_shapes import Doubles
from training.synthesis.volume_vessels import Vessels

MIDDLE_MM = (150.0, 150.0, 95.0)


@pytest.fixture(scope="module")
def stack() -> LungStack:
    return chest()


def straight(radius_mm: float, axis: int = 0) -> Vessels:
    """A tube of 60 mm along one axis through the middle of the right lung."""
    along: Doubles = np.linspace(-30, 30, 151)
    points = np.tile(np.array(MIDDLE_MM), (len(along), 1))
    points[:, axis] += along
    return Vessels(points, np.full(len(along), radius_mm), 1.0, 0)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), start=st.tuples(*[st.floats(-50, 400)] * 3))
def test_only_lung_is_changed_and_only_to_be_denser(stack: LungStack, seed: int, start: tuple[float, ...]) -> None:
    vessels = Vessels.drawn((start[0], start[1], start[2]), np.random.default_rng(seed))
    change = vessels.on(stack, stack.values).astype(int) - stack.values
    assert change.min() >= 0
    assert change[~stack.lungs].max() <= 0.35 * (SOFT_HU + 860)  # the lungs' edge is soft over a pixel
    assert np.isfinite(vessels.points).all()
    assert (vessels.radii > 0).all()


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("radius_mm", [1.5, 3.0])
@pytest.mark.parametrize("slice_mm", [1.0, 2.5, 6.0])
def test_a_vessel_has_its_volume_however_it_is_sampled(axis: int, radius_mm: float, slice_mm: float) -> None:
    fine = chest((slice_mm, 0.8, 0.8))
    change = straight(radius_mm, axis).on(fine, fine.values).astype(float) - fine.values
    volume = change.sum() / (fine.levels.soft - fine.levels.lung) * slice_mm * 0.8 * 0.8
    expected = np.pi * radius_mm**2 * 60 + 4 / 3 * np.pi * radius_mm**3
    assert volume == pytest.approx(expected, rel=0.15)


def test_both_values_of_a_pair_get_the_same_vessel(stack: LungStack) -> None:
    other = stack.values.copy()
    other[:20] += 100
    vessels = straight(3.0)
    one, two = vessels.on(stack, stack.values), vessels.on(stack, other)
    assert np.array_equal(one[20:], two[20:])
    assert (one != stack.values).any()


def test_a_vessel_has_the_noise_of_the_volume(stack: LungStack) -> None:
    found = straight(3.0).on(stack, stack.values)
    rows, columns = (round(MIDDLE_MM[axis] / stack.spacing_mm[axis]) for axis in (1, 2))
    core = found[52:68, rows, columns].astype(float)
    assert core.mean() == pytest.approx(SOFT_HU, abs=20)
    assert 0.2 * NOISE_HU < core.std() < 3 * NOISE_HU


def test_a_vessel_beyond_the_volume_changes_nothing(stack: LungStack) -> None:
    far = replace(straight(2.0), points=straight(2.0).points + 5000.0)
    assert far.on(stack, stack.values) is stack.values
