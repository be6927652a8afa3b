"""The thoracic cavity: its section at each height, in mm."""

from typing import Final

import numpy as np

from screening.phantom.grid import Grid
from screening.phantom.shapes import Field, superellipse_distance

FULLNESS: Final = 2.35  # power of the superellipse of the section

# By height: half of the section's width, half of its depth, and where its middle lies from front to back.
HEIGHTS: Final = np.array([0.0, 30, 60, 90, 120, 150, 180, 210, 235, 255, 268, 277, 281, 284])
_ACROSS: Final = np.array([134.0, 137, 139, 138, 136, 132, 126, 117, 104, 89, 75, 63, 57, 50])
_DEEP: Final = np.array([86.0, 89, 91, 91, 89, 86, 82, 76, 67, 56, 45, 34, 27, 20])
_MIDDLE: Final = np.array([-2.0, -2, -2, -2, -2, -1, 0, 3, 7, 12, 16, 19, 21, 23])


def cavity_distance(grid: Grid) -> Field:
    """To the inner surface of the thoracic wall."""
    across, deep, middle = (at_height(grid.z, values) for values in (_ACROSS, _DEEP, _MIDDLE))
    return superellipse_distance(grid.x, grid.y - middle, across, deep, FULLNESS)


def cavity_section(z_mm: float) -> tuple[float, float, float]:
    """Half the width, half the depth and the middle (y) of the cavity at this height."""
    across, deep, middle = (float(at_height(np.asarray(z_mm), values)) for values in (_ACROSS, _DEEP, _MIDDLE))
    return across, deep, middle


def middle_mm(z: Field) -> Field:
    """y of the middle of the cavity."""
    return at_height(z, _MIDDLE)


def at_height(z: Field, values: np.ndarray) -> Field:
    """Values of the `HEIGHTS`, interpolated."""
    return np.asarray(np.interp(z, HEIGHTS, values), np.float32)
