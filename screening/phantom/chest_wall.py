"""Skin, fat and muscles of the chest wall, and the table under the patient, in mm."""

from typing import Final

import numpy as np

from screening.phantom.picture import Picture
from screening.phantom.shapes import Field, ellipsoid_distance, superellipse_distance

FAT_HU: Final = -100.0
MUSCLE_HU: Final = 48.0
SKIN_HU: Final = 20.0
SKIN_MM: Final = 2.0
INTERCOSTAL_MM: Final = 12.0
SHOULDERS_MM: Final = 22.0


def draw_wall(picture: Picture, cavity: Field, fat_mm: float) -> None:
    """Around a cavity with this distance to its surface; `fat_mm` is the thickness of the fat under the skin."""
    grid, coarse, z = picture.grid, picture.grid.coarser(), float(picture.grid.z)
    shoulders = SHOULDERS_MM * _smooth(z, 200.0, 275.0)
    wide = 158.0 + shoulders
    tall = 106.0 - 20.0 * _smooth(z, 220.0, 300.0)
    muscles = grid.resized(superellipse_distance(coarse.x, coarse.y, np.float32(wide), np.float32(tall), 2.3))
    for outside_mm, hu in ((fat_mm, SKIN_HU), (fat_mm - SKIN_MM, FAT_HU), (0.0, MUSCLE_HU)):
        picture.fill(muscles - np.float32(outside_mm), hu)
    for outside_mm, hu in ((INTERCOSTAL_MM, FAT_HU + 40), (INTERCOSTAL_MM - 3.0, MUSCLE_HU), (0.8, FAT_HU)):
        picture.fill(cavity - np.float32(outside_mm), hu)


def draw_table(picture: Picture) -> None:
    """A shell with a core of foam, hollow like the patient's back."""
    coarse = picture.grid.coarser()
    shell = ellipsoid_distance((coarse.x, coarse.y - 118), (190.0, 34.0))
    hollow = ellipsoid_distance((coarse.x, coarse.y - 80), (187.0, 44.0))
    distance = picture.grid.resized(np.maximum(shell, -hollow))
    picture.fill(distance, -250.0)
    picture.fill(distance + 2, -890.0)


def _smooth(value: float, start: float, end: float) -> float:
    """A cosine ramp from 0 at `start` to 1 at `end`, constant outside."""
    way = min(1.0, max(0.0, (value - start) / (end - start)))
    return float(0.5 - 0.5 * np.cos(np.pi * way))
