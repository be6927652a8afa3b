import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.lungs.chest_wall import WallGaps
from screening.lungs.lung_profile import AirlessKind, LungProfile, profile_of
from screening.lungs.slice_anatomy import LungSection

NEAR = WallGaps(behind_mm=3.0, beside_mm=3.0)


def section(area_cm2: float, gaps: WallGaps = NEAR) -> LungSection:
    side = 10.0 * math.sqrt(area_cm2)
    return LungSection(area_cm2=area_cm2, width_mm=side, depth_mm=side, gaps=gaps)


def half_ellipsoid(z_mm: float, height_mm: float = 250.0, largest_cm2: float = 140.0) -> float:
    """The area of a lung of that height which tapers at both ends."""
    return max(0.0, largest_cm2 * (1.0 - (2.0 * z_mm / height_mm - 1.0) ** 2))


def lung(step_mm: float, first_mm: float = -30.0) -> tuple[list[float], list[LungSection]]:
    heights = np.arange(first_mm, 280.0, step_mm).tolist()
    return heights, [section(half_ellipsoid(z)) for z in heights]


def kinds(profile: LungProfile) -> set[AirlessKind]:
    return {span.kind for span in profile.airless()}


@given(st.floats(1.0, 20.0), st.floats(0.0, 1.0))
def test_size_does_not_depend_on_the_step(step_mm: float, offset: float) -> None:
    profile = profile_of(*lung(step_mm, -30.0 + offset * step_mm))
    assert profile.volume_ml == pytest.approx(140.0 * 250.0 * 2 / 3 / 10, rel=0.02)
    assert profile.height_mm == pytest.approx(250.0, abs=step_mm + 6.0)
    assert not profile.airless()
    assert profile.cut_cm2 == (0.0, 0.0)
    assert profile.wall_share == 1.0


def test_uneven_steps_are_weighed_in_mm() -> None:
    heights = [*np.arange(-30.0, 100.0, 2.0), *np.arange(100.0, 280.0, 16.0)]
    profile = profile_of(heights, [section(half_ellipsoid(z)) for z in heights])
    assert profile.volume_ml == pytest.approx(140.0 * 250.0 * 2 / 3 / 10, rel=0.02)


@given(st.floats(40.0, 150.0), st.floats(24.0, 70.0), st.floats(2.0, 8.0))
def test_a_band_without_air_is_found_where_it_is(low: float, height: float, step_mm: float) -> None:
    heights, sections = lung(step_mm)
    dense = [
        section(0.0, WallGaps()) if low <= z < low + height else one for z, one in zip(heights, sections, strict=True)
    ]
    profile = profile_of(heights, dense)
    (band,) = (span for span in profile.airless() if span.kind is AirlessKind.BAND)
    assert band.from_mm == pytest.approx(low, abs=step_mm)
    assert band.to_mm == pytest.approx(low + height, abs=step_mm)
    assert profile.height_mm == pytest.approx(250.0, abs=step_mm + 6.0)


@pytest.mark.parametrize(("low", "high", "kind"), [(-50, 80, AirlessKind.BELOW), (170, 400, AirlessKind.ABOVE)])
@given(step_mm=st.floats(2.0, 20.0))
def test_an_abrupt_end(low: float, high: float, kind: AirlessKind, step_mm: float) -> None:
    heights, sections = lung(step_mm)
    dense = [section(0.0, WallGaps()) if low <= z < high else one for z, one in zip(heights, sections, strict=True)]
    assert kind in kinds(profile_of(heights, dense))


@pytest.mark.parametrize("name", ["behind_mm", "beside_mm"])
def test_a_layer_between_the_lung_and_the_ribs(name: str) -> None:
    heights, sections = lung(6.0)
    far = WallGaps(**{"behind_mm": 3.0, "beside_mm": 3.0, name: 30.0})
    dense = [section(one.area_cm2, far) if 150 <= z < 190 else one for z, one in zip(heights, sections, strict=True)]
    assert kinds(profile_of(heights, dense)) == {AirlessKind.BEHIND if name == "behind_mm" else AirlessKind.BESIDE}


def test_one_slice_between_two_ribs_is_no_layer() -> None:
    heights, sections = lung(6.0)
    place = heights.index(150.0)
    sections[place] = section(sections[place].area_cm2, WallGaps(behind_mm=28.0, beside_mm=None))
    assert not profile_of(heights, sections).airless()


def test_a_lung_at_the_end_of_the_stack_is_cut() -> None:
    heights, sections = lung(5.0, first_mm=60.0)
    assert profile_of(heights, sections).cut_cm2 == pytest.approx((half_ellipsoid(60.0), 0.0))
    assert not kinds(profile_of(heights, sections)) & {AirlessKind.BELOW}


def test_gas_far_below_is_no_lung() -> None:
    heights, sections = lung(5.0, first_mm=-300.0)
    gas = [section(30.0) if -260 < z < -240 else one for z, one in zip(heights, sections, strict=True)]
    assert profile_of(heights, gas).first_mm == pytest.approx(0.0, abs=6.0)


def test_an_airway_is_no_lung() -> None:
    assert not profile_of([0.0, 5.0, 10.0, 15.0], [section(area) for area in (0.0, 4.0, 4.0, 0.0)])
