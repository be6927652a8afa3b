"""What makes the chest ill: a tumour, an effusion, lung without air."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.phantom.grid import PixelGrid
from screening.phantom.picture import Picture
from screening.phantom.segments import Segments
from screening.phantom.shapes import Ellipsoid, Field

SOFT_HU: Final = 40.0
TUMOUR_HU: Final = 32.0
FLUID_HU: Final = 8.0


@dataclass(frozen=True)
class Airless:
    """Lung without air from `low_mm` to `high_mm`: from the back forward over a share of the lung's depth.

    The share changes evenly from `depth_low` to `depth_high`; 1.0 is the whole section.
    """

    low_mm: float
    high_mm: float
    right: bool = True
    left: bool = True
    depth_low: float = 1.0
    depth_high: float = 1.0

    def depth(self, z_mm: float) -> float:
        if not self.low_mm <= z_mm < self.high_mm:
            return 0.0
        way_up = (z_mm - self.low_mm) / (self.high_mm - self.low_mm)
        return self.depth_low + way_up * (self.depth_high - self.depth_low)

    def fill(self, hu: Field, lungs: NDArray[np.bool_], z_mm: float) -> None:
        """Fill the airless part of `lungs` [H, W]; what is soft tissue already stays."""
        rows = np.flatnonzero(lungs.any(axis=1))
        depth = self.depth(z_mm)
        if not rows.size or depth <= 0:
            return
        filled = lungs.copy()
        filled[: round(rows[-1] + 1 - min(1.0, depth) * (rows[-1] - rows[0] + 1))] = False
        middle = lungs.shape[1] // 2
        filled[:, :middle] &= self.right
        filled[:, middle:] &= self.left
        hu[filled & (hu < 0)] = SOFT_HU


@dataclass(frozen=True)
class Tumour:
    """A lobulated tumour of the right upper lobe with spicules, which its seed draws."""

    seed: int
    centre: tuple[float, float, float] = (-78.0, 18.0, 180.0)
    radius_mm: float = 12.5

    _BOX: Final = 1.4  # of the radius: as far as its lobules reach
    _SPICULES: Final = 36

    def draw(self, picture: Picture) -> None:
        box = Ellipsoid(self.centre, (self._BOX * self.radius_mm,) * 3)
        for part, near in picture.grid.near(box, 1.0):
            picture.fill(self._distance(near), TUMOUR_HU, part)

    def spicules(self) -> Segments:
        """Strands from the surface outward, thinner from half of their way."""
        draw = np.random.default_rng([self.seed, 5])
        ways = draw.normal(size=(self._SPICULES, 3))
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        reach = draw.uniform(3.0, 13.0, (self._SPICULES, 1))
        rings = [np.add(self.centre, ways * (self.radius_mm + part * reach)) for part in (-0.2, 0.5, 1.0)]
        diameters = np.repeat([1.8, 0.9], self._SPICULES)
        return Segments(np.concatenate(rings[:2]), np.concatenate(rings[1:]), diameters)

    def _distance(self, grid: PixelGrid) -> Field:
        draw = np.random.default_rng([self.seed, 4])
        off = [axis - np.float32(middle) for axis, middle in zip((grid.x, grid.y, grid.z), self.centre, strict=True)]
        away = np.sqrt(sum(one * one for one in off))
        surface = np.full_like(away, self.radius_mm)
        for _ in range(6):
            way = draw.normal(size=3)
            way *= 3.2 / np.linalg.norm(way)
            wave = sum(one * np.float32(part) for one, part in zip(off, way, strict=True)) / np.maximum(away, 1)
            surface = surface + np.float32(0.055 * self.radius_mm) * np.sin(wave + draw.uniform(0, 6.3))
        return np.asarray(away - surface, np.float32)


def fill_effusion(hu: Field, lungs: NDArray[np.bool_], z: float, px_per_mm: float) -> None:
    """Fluid posterior in the left lung, with a level that falls towards the head; `z` is the height, 0 to 1."""
    size = len(hu)
    behind = np.arange(size)[:, np.newaxis] > size / 2 + (22.0 + 120.0 * z) * px_per_mm
    left = np.arange(size)[np.newaxis] > size / 2
    hu[lungs & behind & left & (hu < 0)] = FLUID_HU
