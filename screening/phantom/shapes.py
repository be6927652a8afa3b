"""Shapes as distances to their surface in mm: negative inside, positive outside, exact near the surface.

Coordinates may be arrays of any shapes that broadcast: a grid of a slice at one height, or a cloud of points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Point = tuple[float, float, float]
Bounds = tuple[Point, Point]

FAR_MM = 1000.0
_LEAST = np.float32(1e-6)


class Shape(Protocol):
    """A closed shape with its box (lowest and highest corner)."""

    @property
    def bounds(self) -> Bounds: ...

    def distance(self, x: Field, y: Field, z: Field) -> Field: ...


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid, turned by `turn_deg` about the z axis (from x towards y)."""

    centre: Point
    radii: Point
    turn_deg: float = 0.0

    @cached_property
    def bounds(self) -> Bounds:
        wide = max(self.radii[:2]) if self.turn_deg else 0.0
        radii = (max(wide, self.radii[0]), max(wide, self.radii[1]), self.radii[2])
        return _around([self.centre], radii)

    def distance(self, x: Field, y: Field, z: Field) -> Field:
        across, deep = turned(x - np.float32(self.centre[0]), y - np.float32(self.centre[1]), self.turn_deg)
        return ellipsoid_distance((across, deep, z - np.float32(self.centre[2])), self.radii)


@dataclass(frozen=True)
class Tube:
    """A round tube from `start` to `end` whose radius changes evenly; its ends are half balls."""

    start: Point
    end: Point
    radius: float
    end_radius: float

    @cached_property
    def bounds(self) -> Bounds:
        return _around([self.start, self.end], (max(self.radius, self.end_radius),) * 3)

    def distance(self, x: Field, y: Field, z: Field) -> Field:
        axis = np.subtract(self.end, self.start).astype(np.float32)
        along = [one - np.float32(first) for one, first in zip((x, y, z), self.start, strict=True)]
        length2 = max(float(axis @ axis), 1e-6)
        way = np.clip(sum(one * part for one, part in zip(along, axis, strict=True)) / np.float32(length2), 0, 1)
        off = [one - way * part for one, part in zip(along, axis, strict=True)]
        distance = np.sqrt(sum(one * one for one in off)) - (self.radius + way * (self.end_radius - self.radius))
        return np.asarray(distance, np.float32)


def tubes(radius: float, *points: Point, end_radius: float | None = None) -> tuple[Tube, ...]:
    """A chain of tubes through these points, from `radius` to `end_radius`."""
    radii = np.linspace(radius, radius if end_radius is None else end_radius, len(points)).tolist()
    ends = zip(pairwise(points), pairwise(radii), strict=True)
    return tuple(Tube(start, end, one, other) for (start, end), (one, other) in ends)


def ellipsoid_distance(off: Sequence[Field], radii: Sequence[float | np.float32 | Field]) -> Field:
    """For offsets from the centre along the axes of an ellipse (two) or an ellipsoid (three)."""
    parts = [one / np.float32(radius) for one, radius in zip(off, radii, strict=True)]
    size = np.sqrt(sum(one * one for one in parts))
    slope = np.sqrt(sum((one / np.float32(radius)) ** 2 for one, radius in zip(parts, radii, strict=True)))
    # The least values give the middle, where both are 0, the distance of the shortest radius.
    return np.asarray((size + _LEAST) * (size - 1) / (slope + _LEAST / reduce(np.minimum, radii)), np.float32)


def superellipse_distance(
    x: Field, y: Field, across: Field | np.float32, deep: Field | np.float32, power: float
) -> Field:
    """For |x / across|^power + |y / deep|^power = 1; a power above 2 fills the corners."""
    wide, tall = np.abs(x / across), np.abs(y / deep)
    wide_slope, tall_slope = wide ** (power - 1), tall ** (power - 1)
    total = np.maximum(wide_slope * wide + tall_slope * tall, _LEAST)
    size = total ** np.float32(1 / power)
    slope = np.sqrt((wide_slope / across) ** 2 + (tall_slope / deep) ** 2) * size / total
    return np.asarray((size - 1) / np.maximum(slope, _LEAST), np.float32)


def turned(x: Field, y: Field, turn_deg: float) -> tuple[Field, Field]:
    """The coordinates along axes that are turned by this angle, from x towards y."""
    if not turn_deg:
        return x, y
    angle = np.radians(turn_deg)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cosine + y * sine, y * cosine - x * sine


def union(one: Field, other: Field, rounding_mm: float) -> Field:
    """Both shapes, with the groove between them filled over some `rounding_mm`."""
    near = np.maximum(np.float32(rounding_mm) - np.abs(one - other), 0)
    return np.asarray(np.minimum(one, other) - near * near * np.float32(0.25 / rounding_mm), np.float32)


def intersection(one: Field, other: Field, rounding_mm: float) -> Field:
    """Where both shapes are, with rounded edges."""
    return -union(-one, -other, rounding_mm)


def _around(points: list[Point], radii: Point) -> Bounds:
    low = tuple(float(min(axis) - radius) for axis, radius in zip(zip(*points, strict=True), radii, strict=True))
    high = tuple(float(max(axis) + radius) for axis, radius in zip(zip(*points, strict=True), radii, strict=True))
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])
