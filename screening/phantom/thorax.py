"""The thoracic cavity, the diaphragm, both lungs and their lobes, in mm."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from screening.phantom import mediastinum
from screening.phantom.bones import spine_distance
from screening.phantom.cavity import HEIGHTS, at_height, cavity_distance, middle_mm
from screening.phantom.grid import Grid
from screening.phantom.shapes import Field, ellipsoid_distance, intersection, union

HEIGHT_MM: Final = 300.0
# One lung's section is cut by an ellipse, which closes the apex: half its width, half its depth; its middle in x.
_LUNG_ACROSS: Final = np.array([78.0, 80, 80, 78, 76, 74, 70, 64, 54, 45, 36, 28, 22, 11])
_LUNG_MIDDLE: Final = np.array([70.0, 70, 70, 70, 68, 66, 63, 58, 53, 49, 46, 44, 44, 43])
_LUNG_DEEP: Final = np.array([105.0, 106, 106, 106, 104, 100, 94, 84, 70, 56, 42, 32, 25, 12])

CORNER_MM: Final = 9.0  # rounding of the lungs' edges
LOWEST_MM: Final = 30.0  # where the domes are widest; beneath, the recess behind them closes ...
CLOSING: Final = 1.6  # ... by this many mm a mm
RECESS_MM: Final = 7.0  # ... and of the recess between diaphragm and wall

# Oblique fissures rise from the front below to the back above; the horizontal one lies in front of the right one.
OBLIQUE_AT: Final = (0.0, 150.0)  # y, z of a point on them
OBLIQUE_SLOPE: Final = 0.95  # z per y
OBLIQUE_BULGE: Final = 0.006  # mm a mm2
HORIZONTAL_MM: Final = 158.0


@dataclass(frozen=True)
class Diaphragm:
    """Two domes; `right_mm` and `left_mm` are the heights of their tops."""

    right_mm: float
    left_mm: float

    def distance(self, grid: Grid) -> Field:
        """To the surface of the abdomen below it."""
        right = _dome(grid, (-60.0, -14.0), (84.0, 86.0), self.right_mm)
        left = _dome(grid, (58.0, -14.0), (84.0, 84.0), self.left_mm)
        return union(right, left, 16.0)


def between_distance(grid: Grid, heart_size: float) -> Field:
    """To the surface of what lies between the lungs: mediastinum and spine."""
    return union(mediastinum.distance(grid, heart_size), spine_distance(grid), 14.0)


def lungs_distance(grid: Grid, diaphragm: Diaphragm, between: Field) -> Field:
    """To the surface of both lungs, which touch nowhere."""
    middle, across, deep = (at_height(grid.z, values) for values in (_LUNG_MIDDLE, _LUNG_ACROSS, _LUNG_DEEP))
    sides = ellipsoid_distance((np.abs(grid.x) - middle, grid.y - middle_mm(grid.z)), (across, deep))
    wall = intersection(cavity_distance(grid), sides + 0 * grid.x, CORNER_MM)
    above = intersection(wall, -diaphragm.distance(grid), RECESS_MM)
    top = grid.z - np.float32(HEIGHTS[-1])
    return np.asarray(np.maximum(intersection(above, -between, CORNER_MM), top), np.float32)


def lobes(x: Field, y: Field, z: Field) -> np.ndarray:
    """The lobe of each point: 0 to 2 right upper, middle and lower; 3 to 5 left, the lingula as middle."""
    lower = oblique_mm(x, y, z) < 0
    return np.where(x < 0, 0, 3) + np.where(lower, 2, np.where(z < HORIZONTAL_MM, 1, 0))


def oblique_mm(x: Field, y: Field, z: Field) -> Field:
    """The distance from the oblique fissures, positive above and in front of them; they bulge forward."""
    slope = np.float32(OBLIQUE_SLOPE)
    bulge = np.float32(OBLIQUE_BULGE) * (np.abs(x) - 70) ** 2
    over = z - OBLIQUE_AT[1] - slope * (y - OBLIQUE_AT[0]) + bulge
    return np.asarray(over / np.sqrt(1 + slope * slope), np.float32)


def _dome(grid: Grid, middle: tuple[float, float], radii: tuple[float, float], top_mm: float) -> Field:
    """One half of the diaphragm as a flat ellipsoid; in front it is attached higher than at the back."""
    lowest = np.float32(LOWEST_MM)
    off = grid.x - np.float32(middle[0]), grid.y - np.float32(middle[1]), grid.z - np.float32(lowest)
    off = off[0], off[1] + np.float32(0.10) * off[2], np.maximum(off[2], 0)
    beneath = np.maximum(lowest - grid.z, 0) * np.float32(CLOSING)
    return np.asarray(ellipsoid_distance(off, (*radii, top_mm - lowest)) - beneath, np.float32)
