"""A slice in HU on which shapes are filled, with pixels at their edges in proportion."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from screening.phantom.grid import PixelGrid
from screening.phantom.shapes import Field, Shape

Layer = tuple[float, float]  # mm beneath a surface, HU
Layers = tuple[Layer, ...]


@dataclass(frozen=True)
class Picture:
    """`hu` [H, W] on `grid`, whose pixels are `pixel_mm` wide."""

    hu: Field
    grid: PixelGrid
    pixel_mm: float

    @classmethod
    def of(cls, grid: PixelGrid, pixel_mm: float, hu: float) -> Self:
        return cls(np.full(grid.shape, hu, np.float32), grid, pixel_mm)

    def fill(self, distance: Field, hu: float, part: Any = ...) -> None:
        """Fill where `distance` is negative; `part` is the part of the picture that it is for."""
        blend(self.hu[part], hu, self.covered(distance))

    def fill_shape(self, shape: Shape, *layers: Layer) -> None:
        """Fill the shape in layers from the outside inwards."""
        margin_mm = max(0.0, -layers[0][0])
        for part, near in self.grid.near(shape, self.pixel_mm + margin_mm):
            distance = near.distance(shape)
            for depth_mm, hu in layers:
                self.fill(distance + np.float32(depth_mm), hu, part)

    def covered(self, distance: Field) -> Field:
        """The share of each pixel that lies within a shape."""
        return covered(distance, self.pixel_mm)


def covered(distance: Field, pixel_mm: float) -> Field:
    """The share of each pixel where `distance` is negative."""
    return np.asarray(np.clip(np.float32(0.5) - distance * np.float32(1 / pixel_mm), 0, 1), np.float32)


def blend(hu: Field, other: Field | float, share: Field) -> None:
    """Replace this share of each pixel of `hu`, in place."""
    hu += (other - hu) * share
