"""A slice in HU on which shapes are filled, with pixels at their edges in proportion."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from screening.phantom.grid import PixelGrid
from screening.phantom.shapes import Field, Shape


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

    def fill_shape(self, shape: Shape, hu: float) -> None:
        for part, near in self.grid.near(shape, self.pixel_mm):
            self.fill(near.distance(shape), hu, part)

    def covered(self, distance: Field) -> Field:
        """The share of each pixel that lies within a shape."""
        return covered(distance, self.pixel_mm)


def covered(distance: Field, pixel_mm: float) -> Field:
    """The share of each pixel where `distance` is negative."""
    return np.clip(np.float32(0.5) - distance * np.float32(1 / pixel_mm), 0, 1)


def blend(hu: Field, other: Field | float, share: Field) -> None:
    """Replace this share of each pixel of `hu`, in place."""
    hu += (other - hu) * share
