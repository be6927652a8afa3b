"""The synthetic chest, slice by slice, in millimetres.

x grows to the patient's left, y to posterior, z to the head (LPS; z is 0 at the lowest slice). Anatomy and noise are
those of no patient; docs/adr/0024 has what was compared with a real study, and how.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from screening.phantom import mediastinum
from screening.phantom.abdomen import draw_abdomen
from screening.phantom.bones import draw_bones
from screening.phantom.cavity import cavity_distance
from screening.phantom.chest_wall import draw_table, draw_wall
from screening.phantom.grid import PixelGrid
from screening.phantom.lesions import TUMOUR_HU, Airless, Tumour, fill_effusion
from screening.phantom.lung_vessels import LungVessels, lung_vessels
from screening.phantom.parenchyma import lung_tissue
from screening.phantom.picture import Picture, blend, covered
from screening.phantom.scanner import scanned
from screening.phantom.segments import Segments
from screening.phantom.shapes import Field
from screening.phantom.thorax import HEIGHT_MM, Diaphragm, between_distance, lungs_distance

__all__ = ["FIELD_MM", "HEIGHT_MM", "Airless", "Chest"]

FIELD_MM: Final = 400.0
SLICE_MM: Final = 2.0  # thickness
LEVELS: Final = np.array([-0.33, 0.33])  # where the lungs are looked at, in thicknesses

AIR_HU: Final = -1000.0
BLOOD_HU: Final = 42.0
BRONCHUS_HU: Final = 0.0
BRONCHUS_AIR_HU: Final = -960.0


@dataclass(frozen=True)
class Body:
    """What differs between the chests of different seeds; lengths in mm."""

    scale: float
    fat_mm: float
    heart_size: float
    diaphragm: Diaphragm
    rib_shift_mm: float

    @classmethod
    def of(cls, seed: int) -> "Body":
        draw = np.random.default_rng(seed)
        scale = float(draw.uniform(0.94, 1.06))
        right = float(draw.uniform(100.0, 112.0))
        return cls(
            scale,
            float(draw.uniform(6.0, 16.0)),
            float(draw.uniform(0.92, 1.04)),
            Diaphragm(right, right - float(draw.uniform(8.0, 18.0))),
            float(draw.uniform(0.0, 25.0)),
        )


@dataclass(frozen=True)
class Chest:
    """A chest from a seed, which sets its size and vessels; optionally with a tumour, an effusion or airless lung."""

    seed: int
    nodule: bool
    effusion: bool
    airless: Airless | None = field(default=None, repr=False)

    def hu(self, z_mm: float, size: int) -> NDArray[np.int16]:
        """One slice [size, size] in HU at height `z_mm`, with a field of view of `FIELD_MM`."""
        pixel_mm = FIELD_MM / size / self._body.scale
        grid = PixelGrid.of(size, pixel_mm, z_mm)
        picture = Picture.of(grid, pixel_mm, AIR_HU)
        draw_table(picture)
        cavity = grid.resized(cavity_distance(grid.coarser()))
        draw_wall(picture, cavity, self._body.fat_mm)
        self._draw_cavity(picture, cavity)
        draw_bones(picture, self._body.rib_shift_mm)
        share = self._lung_share(grid)
        blend(picture.hu, self._lung(picture, share > 0.5), share)
        return scanned(picture.hu, np.random.default_rng([self.seed, 2, round(z_mm * 1000)]))

    @cached_property
    def _body(self) -> Body:
        return Body.of(self.seed)

    def _draw_cavity(self, picture: Picture, cavity: Field) -> None:
        """What the thoracic cavity and the upper abdomen hold, but for the lungs."""
        inside = Picture.of(picture.grid, picture.pixel_mm, mediastinum.FAT_HU)
        mediastinum.draw(inside, self._body.heart_size)
        grid = picture.grid
        draw_abdomen(inside, grid.resized(self._body.diaphragm.distance(grid.coarser())))
        blend(picture.hu, inside.hu, picture.covered(cavity))

    def _lung_share(self, grid: PixelGrid) -> Field:
        """The share of each pixel that is lung, over the thickness of the slice."""
        coarse = grid.coarser()
        levels = [coarse.at(coarse.z + np.float32(off)) for off in SLICE_MM * LEVELS]
        between = between_distance(coarse, self._body.heart_size)
        distances = [lungs_distance(level, self._body.diaphragm, between) for level in levels]
        shares = np.stack([covered(grid.resized(one), grid.pixel_mm) for one in distances])
        return np.asarray(shares.mean(axis=0), np.float32)

    def _lung(self, picture: Picture, lungs: NDArray[np.bool_]) -> Field:
        """HU of the lungs, for the whole slice; `lungs` is where they are."""
        grid, vessels = picture.grid, _vessels(self.seed)
        inside = Picture(lung_tissue(grid, self.seed), grid, picture.pixel_mm)
        self._add(inside, vessels.blood, BLOOD_HU)
        self._add(inside, vessels.bronchi, BRONCHUS_HU)
        self._add(inside, vessels.lumina, BRONCHUS_AIR_HU)
        if self.nodule:
            tumour = Tumour(self.seed)
            self._add(inside, tumour.spicules(), TUMOUR_HU)
            tumour.draw(inside)
        z_mm = float(grid.z)
        if self.effusion:
            fill_effusion(inside.hu, lungs, z_mm / HEIGHT_MM, 1 / picture.pixel_mm)
        if self.airless:
            self.airless.fill(inside.hu, lungs, z_mm)
        return inside.hu

    @staticmethod
    def _add(picture: Picture, segments: Segments, hu: float) -> None:
        share = segments.share(float(picture.grid.z), SLICE_MM, len(picture.hu), 1 / picture.pixel_mm)
        blend(picture.hu, hu, share)


@lru_cache(maxsize=4)
def _vessels(seed: int) -> LungVessels:
    body = Body.of(seed)
    return lung_vessels(body.diaphragm, body.heart_size, np.random.default_rng([seed, 1]))
