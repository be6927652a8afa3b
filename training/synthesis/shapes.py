"""Soft-edged shapes and noise fields, float32 [side, side] in 0 ... 1."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Random = np.random.Generator
Place = tuple[float, float]


def blob(side: int, centre: Place, radius: float, roughness: float, random: Random, edge: float = 1.0) -> Floats:
    """A disc whose radius wavers by `roughness`, with an edge of `edge` px."""
    drawn = np.zeros((side, side), np.float32)
    far = radius * (1.4 + 1.5 * roughness) + edge
    top, left = (max(0, int(middle - far)) for middle in centre)
    rows, columns = np.ogrid[top : min(side, int(centre[0] + far) + 1), left : min(side, int(centre[1] + far) + 1)]
    down, right = (rows - centre[0]).astype(np.float32), (columns - centre[1]).astype(np.float32)
    stretch = np.float32(np.exp(random.uniform(-0.3, 0.3)))
    distance = np.hypot(down * stretch, right / stretch)
    border = _wavering(radius, radius * roughness, random)[_turn(down, right)]
    drawn[top : top + len(down), left : left + right.shape[1]] = np.clip((border - distance) / edge + 0.5, 0, 1)
    return drawn


def smooth_noise(side: int, grain: float, random: Random) -> Floats:
    """Noise with mean 0 and deviation 1 whose features are about `grain` px wide."""
    cells = max(4, int(np.ceil(side / grain)))
    coarse = random.standard_normal((cells, cells), np.float32)
    fine = np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray((fine - fine.mean()) / (fine.std() + 1e-6), np.float32)


def discs(side: int, places: list[Place], radii: NDArray[np.float64], rim: float = 0.0) -> Floats:
    """Discs at these places, or rings of `rim` px around them."""
    drawn = np.zeros((side, side), np.float32)
    thickness = -1 if rim == 0.0 else max(1, round(rim))
    for (row, column), radius in zip(places, radii, strict=True):
        centre = round(column * 16), round(row * 16)
        cv2.circle(drawn, centre, round(radius * 16), 1.0, thickness, cv2.LINE_AA, shift=4)
    return drawn


def softened(shape: Floats, sigma: float) -> Floats:
    """The shape with its edge spread by `sigma` px."""
    return np.asarray(cv2.GaussianBlur(shape, (0, 0), sigma), np.float32)


def _wavering(radius: float, size: float, random: Random) -> Floats:
    """Radius over a whole turn in 256 steps, the first one again at the end."""
    turn = np.linspace(0, 2 * np.pi, 257)
    waves = [size * random.normal() / wave * np.cos(wave * turn + random.uniform(0, 2 * np.pi)) for wave in range(2, 7)]
    return np.asarray(radius + np.sum(waves, axis=0), np.float32)


def _turn(down: Floats, right: Floats) -> NDArray[np.int64]:
    """Direction of each pixel in 256 steps."""
    return np.asarray(np.arctan2(down, right) * (128 / np.pi) + 128, np.int64)
