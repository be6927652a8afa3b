"""Contact sheets: slices with their lung masks in red, for visual inspection."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np

TILE_PX = 170
TILES_A_ROW = 10
WINDOW_HU = (-1200.0, 300.0)


def sheet(path: Path, slices: Sequence[np.ndarray], masks: Sequence[np.ndarray]) -> None:
    """Write a PNG of slices in HU or in 8 bit."""
    tiles = [_tile(slice_, mask) for slice_, mask in zip(slices, masks, strict=True)]
    rows = zip_longest(*[iter(tiles)] * TILES_A_ROW, fillvalue=np.zeros_like(tiles[0]))
    cv2.imwrite(str(path), np.vstack([np.hstack(row) for row in rows]))


def _tile(slice_: np.ndarray, mask: np.ndarray) -> np.ndarray:
    grey = slice_ if slice_.dtype == np.uint8 else _windowed(slice_)
    coloured = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    coloured[mask] = coloured[mask] * 0.7 + np.array([0, 0, 76])
    scale = TILE_PX / max(grey.shape)
    small = cv2.resize(coloured, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE_PX, TILE_PX, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[:TILE_PX, :TILE_PX]
    return tile


def _windowed(hu: np.ndarray) -> np.ndarray:
    low, high = WINDOW_HU
    return np.clip((hu - low) * 255 / (high - low), 0, 255).astype(np.uint8)
