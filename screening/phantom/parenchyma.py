"""Lung tissue between the vessels that are drawn: lobules, small vessels beneath the resolution, fissures."""

from typing import Final

import cv2
import numpy as np

from screening.phantom.grid import PixelGrid
from screening.phantom.shapes import Field
from screening.phantom.thorax import HORIZONTAL_MM, oblique_mm

LUNG_HU: Final = -866.0
GRAVITY_HU_PER_MM: Final = 0.28  # towards the back, where the lung is denser
TEXTURES: Final = ((3.2, 13.0), (9.0, 9.0))  # mm between independent values, and their deviation in HU
FISSURE_HU: Final = 70.0  # above the lung: a sheet thinner than a pixel
FISSURE_MM: Final = 1.2  # half its width where it crosses the slice


def lung_tissue(grid: PixelGrid, seed: int) -> Field:
    """HU [H, W] of lung without vessels, for the whole slice."""
    hu = LUNG_HU + np.float32(GRAVITY_HU_PER_MM) * grid.y + np.zeros(grid.shape, np.float32)
    for number, (cell_mm, deviation) in enumerate(TEXTURES):
        hu += _texture(grid, cell_mm, [seed, 3, number]) * np.float32(deviation)
    return hu + _fissures(grid)


def _texture(grid: PixelGrid, cell_mm: float, seed: list[int]) -> Field:
    """A random field of deviation 1 that is smooth over some `cell_mm`, in all three directions."""
    layer, way = divmod(float(grid.z) / cell_mm, 1.0)
    layers = [_layer([*seed, 1000 + int(layer) + above], cell_mm) for above in (0, 1)]
    mixed = (1 - way) * layers[0] + way * layers[1]
    mixed /= np.float32(np.hypot(1 - way, way))
    columns, rows = np.meshgrid(_cells(grid.x[0], cell_mm), _cells(grid.y[:, 0], cell_mm))
    return np.asarray(cv2.remap(mixed, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.float32)


_REACH_MM: Final = 220.0


def _layer(seed: list[int], cell_mm: float) -> Field:
    side = int(2 * _REACH_MM / cell_mm)
    return np.random.default_rng(seed).standard_normal((side, side), np.float32)


def _cells(places: Field, cell_mm: float) -> Field:
    return (places + np.float32(_REACH_MM)) / np.float32(cell_mm)


def _fissures(grid: PixelGrid) -> Field:
    """HU above the lung, of the oblique fissures and of the horizontal one of the right lung."""
    oblique = np.abs(oblique_mm(grid.x, grid.y, grid.z))
    right = np.float32(abs(float(grid.z) - HORIZONTAL_MM)) + 0 * oblique
    horizontal = np.where((grid.x < 0) & (oblique_mm(grid.x, grid.y, grid.z) > 0), right, np.float32(99))
    nearest = np.minimum(oblique, horizontal * np.float32(2))
    return np.float32(FISSURE_HU) * np.exp(-((nearest / np.float32(FISSURE_MM)) ** 2))
