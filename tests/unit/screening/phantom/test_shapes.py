"""Distances of shapes against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.phantom.grid import PixelGrid, PointCloud
from screening.phantom.shapes import Ellipsoid, Shape, Tube, intersection, superellipse_distance, union

lengths = st.floats(2.0, 60.0)
places = st.tuples(*[st.floats(-80.0, 80.0)] * 3)


def at(shape: Shape, *points: tuple[float, float, float]) -> np.ndarray:
    return PointCloud(*np.array(points, np.float32).T).distance(shape)


@given(centre=places, radius=lengths, point=places)
def test_a_ball_has_the_distance_of_a_ball(
    centre: tuple[float, float, float], radius: float, point: tuple[float, float, float]
) -> None:
    expected = np.linalg.norm(np.subtract(point, centre)) - radius
    assert at(Ellipsoid(centre, (radius,) * 3), point) == pytest.approx(expected, abs=0.01 * (1 + radius))


@given(start=places, end=places, radius=lengths, way=st.floats(0, 1))
def test_the_axis_of_a_tube_lies_a_radius_inside(
    start: tuple[float, float, float], end: tuple[float, float, float], radius: float, way: float
) -> None:
    x, y, z = ((1 - way) * one + way * other for one, other in zip(start, end, strict=True))
    assert at(Tube(start, end, radius, radius), (x, y, z)) == pytest.approx(-radius, abs=0.05)


def test_a_tube_changes_its_radius_evenly() -> None:
    tube = Tube((0, 0, 0), (0, 0, 100), 10.0, 2.0)
    np.testing.assert_allclose(at(tube, (0, 0, 0), (0, 0, 50), (0, 0, 100)), [-10, -6, -2], atol=0.01)


@given(across=lengths, deep=lengths, angle=st.floats(0, 6.28), turn_deg=st.floats(-90, 90))
def test_the_surface_of_an_ellipsoid_has_distance_0_and_its_box_holds_it(
    across: float, deep: float, angle: float, turn_deg: float
) -> None:
    turn = np.radians(turn_deg)
    own = across * np.cos(angle), deep * np.sin(angle)
    point = own[0] * np.cos(turn) - own[1] * np.sin(turn), own[0] * np.sin(turn) + own[1] * np.cos(turn), 0.0
    shape = Ellipsoid((0, 0, 0), (across, deep, 9.0), turn_deg)
    assert at(shape, point) == pytest.approx(0, abs=0.05)
    low, high = shape.bounds
    assert all(edge - 0.01 <= axis <= other + 0.01 for edge, axis, other in zip(low, point, high, strict=True))


def test_a_superellipse_of_power_2_is_an_ellipse() -> None:
    x, y = (np.linspace(-50, 50, 41, dtype=np.float32)[shape] for shape in ((None, slice(None)), (slice(None), None)))
    circle = superellipse_distance(x, y, np.float32(30), np.float32(30), 2.0)
    np.testing.assert_allclose(circle[np.hypot(x, y) > 1], (np.hypot(x, y) - 30)[np.hypot(x, y) > 1], atol=0.05)


@given(one=st.floats(-30, 30), other=st.floats(-30, 30), rounding=st.floats(1, 20))
def test_union_and_intersection_differ_from_minimum_and_maximum_only_near_the_groove(
    one: float, other: float, rounding: float
) -> None:
    fields = np.array([one], np.float32), np.array([other], np.float32)
    both, common = union(*fields, rounding), intersection(*fields, rounding)
    assert min(one, other) - rounding / 4 - 1e-3 <= both <= min(one, other) + 1e-3
    assert max(one, other) - 1e-3 <= common <= max(one, other) + rounding / 4 + 1e-3
    if abs(one - other) > rounding:
        assert both == pytest.approx(min(one, other), abs=1e-3)


@given(centre=st.tuples(*[st.floats(-190.0, 190.0)] * 3), radius=st.floats(1.0, 40.0), size=st.sampled_from([32, 96]))
def test_what_lies_near_a_shape_is_in_its_part_of_the_grid(
    centre: tuple[float, float, float], radius: float, size: int
) -> None:
    grid = PixelGrid.of(size, 400 / size, 0.0)
    shape = Ellipsoid(centre, (radius,) * 3)
    inside = grid.distance(shape) < 0
    found = np.zeros_like(inside)
    for part, near in grid.near(shape, 0.0):
        found[part] = near.distance(shape) < 0
    np.testing.assert_array_equal(found, inside)
