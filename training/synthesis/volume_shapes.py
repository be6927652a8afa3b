"""Shapes of lesions in three dimensions, with the partial volume of a slice's thickness and the blur of a scanner.

A shape is star-shaped: a radius for each direction, scaled so that its volume is that of a ball of the stated diameter.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Random = np.random.Generator
Triple = tuple[float, float, float]
Window = tuple[slice, slice, slice]

DIRECTIONS: Final = 2000  # that the volume of a shape is computed from
SAMPLE_MM: Final = 0.8  # a slice's thickness is averaged over samples so far apart
MOST_SAMPLES: Final = 10


class Shape(StrEnum):
    """The outline of a lesion."""

    SPHEROID = "spheroid"
    LOBULATED = "lobulated"
    SPICULATED = "spiculated"


@dataclass(frozen=True)
class Outline:
    """The relative radius 1 + sum of `heights` x exp(`sharpness` x (direction . `axes` - 1)); `scale_mm` times that."""

    axes: Doubles
    heights: Doubles
    sharpness: Doubles
    scale_mm: float

    @classmethod
    def of(cls, shape: Shape, diameter_mm: float, random: Random) -> Self:
        """A random outline that has the volume of a ball of this diameter."""
        bumps, spikes = _BUMPS[shape], _SPIKES[shape]
        axes = _directions(bumps.count + spikes.count, random)
        heights = np.concatenate([_drawn(random, one) for one in (bumps, spikes)])
        sharpness = np.repeat([bumps.sharpness, spikes.sharpness], [bumps.count, spikes.count])
        plain = cls(axes, heights, sharpness, 1.0)
        radii = plain.radius_mm(_directions(DIRECTIONS, np.random.default_rng(0)).T)
        return cls(axes, heights, sharpness, diameter_mm / 2 / float(np.mean(radii**3) ** (1 / 3)))

    def radius_mm(self, direction: Doubles) -> Doubles:
        """The radius in mm for unit vectors [3, ...] of (slices, rows, columns)."""
        radius = np.ones(direction.shape[1:])
        for axis, height, sharpness in zip(self.axes, self.heights, self.sharpness, strict=True):
            cosine = np.tensordot(axis, direction, 1)
            radius += height * np.exp(sharpness * (cosine - 1.0))
        return radius * self.scale_mm

    @cached_property
    def reach_mm(self) -> float:
        """No point of the shape lies farther from its centre; the radius is highest near an axis, or anywhere."""
        tried = np.concatenate([self.axes, _directions(DIRECTIONS, np.random.default_rng(0))])
        return float(self.radius_mm(tried.T).max()) * 1.05

    def scaled(self, factor: float) -> "Outline":
        """The same outline, larger or smaller."""
        return Outline(self.axes, self.heights, self.sharpness, self.scale_mm * factor)


@dataclass(frozen=True)
class Grid:
    """Where a stack was sampled: `shape` and `spacing_mm` of (slices, rows, columns), thickness and blur in mm."""

    shape: tuple[int, int, int]
    spacing_mm: Triple
    thickness_mm: float
    blur_sd_mm: float

    @property
    def sample_offsets_mm(self) -> Doubles:
        """Heights within a slice, from its middle, that its thickness is averaged over."""
        samples = int(np.clip(np.ceil(self.thickness_mm / SAMPLE_MM), 1, MOST_SAMPLES))
        return ((np.arange(samples) + 0.5) / samples - 0.5) * self.thickness_mm

    @property
    def blur_px(self) -> tuple[float, float]:
        """Standard deviations of the blur along columns and rows, in pixels."""
        return self.blur_sd_mm / self.spacing_mm[2], self.blur_sd_mm / self.spacing_mm[1]

    def window(self, centre: Triple, reach_mm: float) -> Window:
        """The part of the stack that a lesion of this reach (mm) around `centre` (voxels) can change."""
        reach = (reach_mm + self.thickness_mm / 2, *[reach_mm + 4 * self.blur_sd_mm] * 2)
        edges = [
            (max(0, int(np.floor(at - far / step))), min(count, int(np.ceil(at + far / step)) + 1))
            for at, far, step, count in zip(centre, reach, self.spacing_mm, self.shape, strict=True)
        ]
        return tuple(slice(low, max(low, high)) for low, high in edges)  # type: ignore[return-value]  # three of them

    def cover(self, outline: Outline, centre: Triple, window: Window) -> Floats:
        """The share of each voxel of the window that lies in the shape, blurred in the plane: float32, 0 ... 1."""
        row_mm, column_mm = self.spacing_mm[1:]
        offsets = self.sample_offsets_mm
        rows = (np.arange(window[1].start, window[1].stop, dtype=np.float64) - centre[1])[:, np.newaxis] * row_mm
        columns = (np.arange(window[2].start, window[2].stop, dtype=np.float64) - centre[2])[np.newaxis] * column_mm
        drawn = [
            np.mean([_section(outline, height, rows, columns, (row_mm + column_mm) / 2) for height in at + offsets], 0)
            for at in (np.arange(window[0].start, window[0].stop) - centre[0]) * self.spacing_mm[0]
        ]
        return np.stack([blurred(one.astype(np.float32), self.blur_px) for one in drawn])


@dataclass(frozen=True)
class _Lobes:
    """How many lobes or spikes a shape has, how high they are (of the radius) and how narrow."""

    count: int
    low: float
    high: float
    sharpness: float


_NONE: Final = _Lobes(0, 0.0, 0.0, 1.0)
_BUMPS: Final = {
    Shape.SPHEROID: _Lobes(2, -0.12, 0.15, 1.0),
    Shape.LOBULATED: _Lobes(9, -0.25, 0.4, 6.0),
    Shape.SPICULATED: _Lobes(6, -0.2, 0.3, 5.0),
}
_SPIKES: Final = {
    Shape.SPHEROID: _NONE,
    Shape.LOBULATED: _NONE,
    Shape.SPICULATED: _Lobes(14, 0.4, 1.0, 90.0),
}


def _drawn(random: Random, lobes: _Lobes) -> Doubles:
    return random.uniform(lobes.low, lobes.high, lobes.count)


def _directions(count: int, random: Random) -> Doubles:
    drawn = random.standard_normal((count, 3))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float64)


def _section(outline: Outline, height_mm: float, rows_mm: Doubles, columns_mm: Doubles, pixel_mm: float) -> Doubles:
    """The share of each pixel of a plane `height_mm` above the centre that lies in the shape."""
    distance = np.sqrt(height_mm**2 + rows_mm**2 + columns_mm**2)
    share = np.zeros_like(distance)
    row, column = np.nonzero(distance <= outline.reach_mm + pixel_mm)
    near = np.maximum(distance[row, column], 1e-9)
    direction = np.stack([height_mm / near, rows_mm[row, 0] / near, columns_mm[0, column] / near])
    share[row, column] = np.clip((outline.radius_mm(direction) - near) / pixel_mm + 0.5, 0.0, 1.0)
    return share


def blurred(cover: Floats, sd_px: tuple[float, float]) -> Floats:
    """Blurred by standard deviations of (columns, rows) in pixels."""
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), max(sd_px[0], 1e-3), sigmaY=max(sd_px[1], 1e-3)), np.float32)
