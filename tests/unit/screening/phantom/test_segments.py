"""The volume of a segment is kept in the slices that it crosses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.phantom.segments import Segments

SIZE, PX_PER_MM, THICKNESS_MM = 256, 2.0, 2.0


def volume_mm3(segments: Segments, z_mm: float = 0.0) -> float:
    share = segments.share(z_mm, THICKNESS_MM, SIZE, PX_PER_MM)
    return float(share.sum()) / PX_PER_MM**2 * THICKNESS_MM


def segment(start: tuple[float, float, float], end: tuple[float, float, float], diameter: float) -> Segments:
    return Segments(np.array([start], float), np.array([end], float), np.array([diameter]))


@settings(deadline=None, max_examples=30)
@given(diameter=st.floats(0.8, 10.0), x=st.floats(-30, 30), y=st.floats(-30, 30))
def test_one_that_crosses_the_slice_fills_its_circle(diameter: float, x: float, y: float) -> None:
    vertical = segment((x, y, -50.0), (x, y, 50.0), diameter)
    expected = np.pi / 4 * diameter**2 * THICKNESS_MM
    assert volume_mm3(vertical) == pytest.approx(expected, rel=0.25, abs=0.6)


@settings(deadline=None, max_examples=30)
@given(diameter=st.floats(0.5, 2.0), angle=st.floats(0, 6.28))
def test_a_thin_one_that_lies_in_the_slice_keeps_its_volume(diameter: float, angle: float) -> None:
    reach = 40 * np.cos(angle), 40 * np.sin(angle), 0.0
    lying = segment((-reach[0], -reach[1], 0.0), reach, diameter)
    assert volume_mm3(lying) == pytest.approx(np.pi / 4 * diameter**2 * 80, rel=0.2)


def test_one_beyond_the_slice_is_not_seen() -> None:
    assert volume_mm3(segment((0, 0, 2.0), (10, 10, 30.0), 5.0)) == 0
