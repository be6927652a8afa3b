"""Where shapes are evaluated: the pixels of a slice, or a cloud of points."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import cv2
import numpy as np

from screening.phantom.shapes import Field, Shape


class Grid(Protocol):
    """Coordinates in mm that broadcast to `shape`."""

    @property
    def x(self) -> Field: ...

    @property
    def y(self) -> Field: ...

    @property
    def z(self) -> Field: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    def near(self, shape: Shape, margin_mm: float) -> Iterator[tuple[Any, "Grid"]]:
        """Index and coordinates of the part in the shape's box with a margin; nothing where it is empty."""
        ...

    def distance(self, shape: Shape) -> Field: ...


@dataclass(frozen=True)
class PixelGrid:
    """The pixels of a slice at height `z`: x of the columns [1, W], y of the rows [H, 1]."""

    x: Field = field(repr=False)
    y: Field = field(repr=False)
    z: Field
    pixel_mm: float

    @classmethod
    def of(cls, size: int, pixel_mm: float, z_mm: float) -> Self:
        """A square around the middle of the field of view."""
        places = ((np.arange(size) + 0.5 - size / 2) * pixel_mm).astype(np.float32)
        return cls(places[np.newaxis], places[:, np.newaxis], np.asarray(z_mm, np.float32), pixel_mm)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.y.shape[0], self.x.shape[1]

    def near(self, shape: Shape, margin_mm: float) -> Iterator[tuple[Any, "PixelGrid"]]:
        low, high = shape.bounds
        if low[2] - margin_mm <= self.z <= high[2] + margin_mm:
            columns = self._between(self.x, low[0] - margin_mm, high[0] + margin_mm)
            rows = self._between(self.y, low[1] - margin_mm, high[1] + margin_mm)
            if columns.start < columns.stop and rows.start < rows.stop:
                yield (rows, columns), PixelGrid(self.x[:, columns], self.y[rows], self.z, self.pixel_mm)

    def distance(self, shape: Shape) -> Field:
        return shape.distance(self.x, self.y, self.z)

    def at(self, z: Field) -> "PixelGrid":
        """The same pixels at another height."""
        return replace(self, z=z)

    def coarser(self) -> "PixelGrid":
        """Half as many pixels a side, for shapes without details."""
        own = len(self.y)
        return PixelGrid.of(own // 2, self.pixel_mm * own / (own // 2), float(self.z))

    def resized(self, values: Field) -> Field:
        """Values of a coarser grid of the same field of view, interpolated to this one."""
        return np.asarray(cv2.resize(values, self.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)

    def _between(self, places: Field, low: float, high: float) -> slice:
        """Where evenly spaced `places` lie between two values."""
        first, last = ((edge - places.item(0)) / self.pixel_mm for edge in (low, high))
        return slice(*(min(places.size, max(0, math.ceil(place))) for place in (first, last)))


@dataclass(frozen=True)
class PointCloud:
    """Points [N] anywhere."""

    x: Field = field(repr=False)
    y: Field = field(repr=False)
    z: Field = field(repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.x.shape

    def near(self, shape: Shape, margin_mm: float) -> Iterator[tuple[Any, "PointCloud"]]:
        inside = np.ones(self.shape, np.bool_)
        for axis, low, high in zip((self.x, self.y, self.z), *shape.bounds, strict=True):
            inside &= (axis >= low - margin_mm) & (axis <= high + margin_mm)
        if inside.any():
            yield inside, PointCloud(self.x[inside], self.y[inside], self.z[inside])

    def distance(self, shape: Shape) -> Field:
        return shape.distance(self.x, self.y, self.z)
