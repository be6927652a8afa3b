"""Spine, ribs, sternum, shoulder blades and clavicles, in mm."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from screening.phantom.cavity import cavity_section
from screening.phantom.grid import Grid
from screening.phantom.picture import Picture
from screening.phantom.shapes import Bounds, Ellipsoid, Field, Shape, Tube, ellipsoid_distance, turned, union

CORTEX_HU: Final = 620.0
SPONGY_HU: Final = 190.0
CANAL_HU: Final = 25.0
CARTILAGE_HU: Final = 110.0
MUSCLE_HU: Final = 52.0

CORTEX_MM: Final = 1.8
BONE: Final = ((0.0, CORTEX_HU), (CORTEX_MM, SPONGY_HU))  # layers: mm beneath the surface, HU
RIB_SPACING_MM: Final = 25.0
RIB_DESCENT_MM: Final = 95.0  # from the spine to the front
RIB_RADII_MM: Final = (14.0, 3.8)  # of its cut by a slice: a rib of 10 mm that descends is cut lengthwise
BESIDE_PLEURA_MM: Final = 7.0  # from the pleura to the middle of a rib
CARTILAGE_FROM: Final = 0.8  # of the way from the spine to the front


@dataclass(frozen=True)
class Plate:
    """An elliptic cylinder along z with its middle at (x, y)."""

    middle: tuple[float, float]
    radii: tuple[float, float]
    turn_deg: float = 0.0
    low_mm: float = -1000.0
    high_mm: float = 1000.0

    @property
    def bounds(self) -> Bounds:
        x, y, reach = *self.middle, max(self.radii)
        return (x - reach, y - reach, self.low_mm), (x + reach, y + reach, self.high_mm)

    def distance(self, x: Field, y: Field, z: Field) -> Field:  # noqa: ARG002 - the same at every height
        off = turned(x - np.float32(self.middle[0]), y - np.float32(self.middle[1]), self.turn_deg)
        return ellipsoid_distance(off, self.radii)


STERNUM: Final = Plate((0.0, -99.0), (17.0, 6.0), low_mm=95.0, high_mm=215.0)
MANUBRIUM: Final = Plate((0.0, -84.0), (26.0, 6.5), low_mm=215.0, high_mm=255.0)
SHOULDER_BLADES: Final = tuple(
    Plate((side * 104.0, 62.0), (38.0, 4.5), side * -36.0, low_mm=185.0, high_mm=292.0) for side in (-1, 1)
)
SPINES_OF_SHOULDER_BLADES: Final = tuple(
    Plate((side * 118.0, 74.0), (26.0, 4.0), side * 8.0, low_mm=245.0, high_mm=285.0) for side in (-1, 1)
)
CLAVICLES: Final = tuple(Tube((side * 24.0, -74.0, 254.0), (side * 120.0, -34.0, 286.0), 6.5, 6.0) for side in (-1, 1))
HUMERI: Final = tuple(Ellipsoid((side * 158.0, 10.0, 286.0), (22.0, 23.0, 26.0)) for side in (-1, 1))


def spine_front_mm(z: Field) -> Field:
    """y of the middle of the vertebral bodies: the thoracic spine is bent."""
    return np.asarray(np.interp(z, [0.0, 80, 160, 220, 300], [52.0, 57, 60, 56, 44]), np.float32)


def spine_distance(grid: Grid) -> Field:
    """To the surface of the vertebrae with the muscles and rib heads beside them."""
    middle = spine_front_mm(grid.z)
    body = ellipsoid_distance((grid.x, grid.y - middle), (21.0, 18.0))
    behind = ellipsoid_distance((grid.x, grid.y - middle - 32), (36.0, 22.0))
    return union(body, behind, 12.0)


def draw_bones(picture: Picture, rib_shift_mm: float) -> None:
    """Draw all bones, with the muscles beside the spine; the ribs lie `rib_shift_mm` lower."""
    across, deep, middle = cavity_section(float(picture.grid.z))
    for side in (-1, 1):
        picture.fill_shape(Plate((side * 30.0, 98.0), (25.0, 15.0), side * -14.0), (0.0, MUSCLE_HU))
    picture.fill(picture.grid.resized(spine_distance(picture.grid.coarser())), MUSCLE_HU)
    draw_spine(picture)
    draw_ribs(picture, (across, deep, middle), rib_shift_mm)
    draw_shoulders_and_sternum(picture, middle - deep)


def draw_spine(picture: Picture) -> None:
    """Draw the vertebra that the slice cuts, or the disc between two."""
    y = float(spine_front_mm(picture.grid.z))
    disc = 0.5 + 0.5 * math.cos(2 * math.pi * float(picture.grid.z) / RIB_SPACING_MM)
    body = Plate((0.0, y), (17.5, 14.5))
    for plate in (
        *(Plate((side * 24.0, y + 24.0), (15.0, 4.5), side * 28.0) for side in (-1, 1)),  # transverse processes
        Plate((0.0, y + 40.0), (4.5, 16.0)),  # spinous process
        Plate((0.0, y + 22.0), (14.0, 11.0)),  # arch
        body,
    ):
        picture.fill_shape(plate, (0.0, CORTEX_HU - 150 * disc), (CORTEX_MM, SPONGY_HU - 60 * disc))
    picture.fill_shape(Plate((0.0, y + 21.0), (8.5, 7.5)), (0.0, CANAL_HU))


def draw_ribs(picture: Picture, section: tuple[float, float, float], shift_mm: float) -> None:
    """Ribs around a cavity of this section (half width, half depth, middle)."""
    for way_down, plate in _ribs(section, float(picture.grid.z) + shift_mm):
        picture.fill_shape(plate, *(BONE if way_down < CARTILAGE_FROM else ((0.0, CARTILAGE_HU),)))


def draw_shoulders_and_sternum(picture: Picture, front_mm: float) -> None:
    """`front_mm`: y of the front of the cavity at this height, before which the sternum lies."""
    for plate in (STERNUM, MANUBRIUM):
        picture.fill_shape(replace(plate, middle=(0.0, front_mm - 9.0)), *BONE)
    shoulders: tuple[Shape, ...] = (*SHOULDER_BLADES, *SPINES_OF_SHOULDER_BLADES, *CLAVICLES, *HUMERI)
    for shape in shoulders:
        picture.fill_shape(shape, *BONE)


def _ribs(section: tuple[float, float, float], z_mm: float) -> Iterator[tuple[float, Plate]]:
    """Where a slice cuts each rib: how far along the rib (0 at the spine, 1 in front), and its cut."""
    across, deep, middle = section
    first, last = math.ceil((z_mm + 0.06 * RIB_DESCENT_MM) / RIB_SPACING_MM), (z_mm + RIB_DESCENT_MM) / RIB_SPACING_MM
    for rib in range(first, math.floor(last) + 1):
        way_down = (RIB_SPACING_MM * rib - z_mm) / RIB_DESCENT_MM
        angle = math.pi * (0.1 + 0.86 * way_down)
        place = _on_wall(angle, across + BESIDE_PLEURA_MM, deep + BESIDE_PLEURA_MM)
        ahead = _on_wall(angle + 0.02, across + BESIDE_PLEURA_MM, deep + BESIDE_PLEURA_MM)
        turn = math.degrees(math.atan2(ahead[1] - place[1], ahead[0] - place[0]))
        for side in (-1, 1):
            yield way_down, Plate((side * place[0], place[1] + middle), RIB_RADII_MM, side * turn)


def _on_wall(angle: float, across: float, deep: float) -> tuple[float, float]:
    """A point of a superellipse, from the back (0) to the front (pi)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    return across * abs(sine) ** 0.85, deep * math.copysign(abs(cosine) ** 0.85, cosine)
