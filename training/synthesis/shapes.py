"""Shapes with soft edges, float32 [side, side] in 0 ... 1, and noise fields."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Random = np.random.Generator
Point = tuple[float, float]


def blob(side: int, centre: Point, radius: float, roughness: float, random: Random, edge: float = 1.0) -> Floats:
    """A disc with an irregular radius (relative deviation `roughness`) and a soft edge of `edge` px."""
    drawn = np.zeros((side, side), np.float32)
    far = radius * (1.4 + 1.5 * roughness) + edge
    top, left = (max(0, int(middle - far)) for middle in centre)
    rows, columns = np.ogrid[top : min(side, int(centre[0] + far) + 1), left : min(side, int(centre[1] + far) + 1)]
    down, right = (rows - centre[0]).astype(np.float32), (columns - centre[1]).astype(np.float32)
    stretch = np.float32(np.exp(random.uniform(-0.3, 0.3)))
    distance = np.hypot(down * stretch, right / stretch)
    border = _irregular_radius(radius, radius * roughness, random)[_direction_steps(down, right)]
    drawn[top : top + len(down), left : left + right.shape[1]] = np.clip((border - distance) / edge + 0.5, 0, 1)
    return drawn


def smooth_noise(side: int, noise_sd: float, random: Random) -> Floats:
    """Noise with mean 0 and deviation 1 whose features are about `noise_sd` px wide."""
    cells = max(4, int(np.ceil(side / noise_sd)))
    coarse = random.standard_normal((cells, cells), np.float32)
    fine = np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray((fine - fine.mean()) / (fine.std() + 1e-6), np.float32)


def discs(side: int, points: list[Point], radii: NDArray[np.float64], rim: float = 0.0) -> Floats:
    """Discs at these points, or rings of `rim` px."""
    drawn = np.zeros((side, side), np.float32)
    thickness = -1 if rim == 0.0 else max(1, round(rim))
    for (row, column), radius in zip(points, radii, strict=True):
        centre = round(column * 16), round(row * 16)
        cv2.circle(drawn, centre, round(radius * 16), 1.0, thickness, cv2.LINE_AA, shift=4)
    return drawn


def blurred(shape: Floats, sigma: float) -> Floats:
    """The shape after a Gaussian blur of `sigma` px."""
    return np.asarray(cv2.GaussianBlur(shape, (0, 0), sigma), np.float32)


def grain(side: int, random: Random) -> Floats:
    """Noise with the correlation length of a reconstruction kernel, of mean 0 and deviation 1."""
    noise_sd = blurred(random.standard_normal((side, side), np.float32), random.uniform(0.4, 0.9))
    return np.asarray(noise_sd / (noise_sd.std() + 1e-6), np.float32)


def _irregular_radius(radius: float, size: float, random: Random) -> Floats:
    """The radius at 257 angles over 2 pi; the last is equal to the first."""
    angle = np.linspace(0, 2 * np.pi, 257)
    waves = [
        size * random.normal() / wave * np.cos(wave * angle + random.uniform(0, 2 * np.pi)) for wave in range(2, 7)
    ]
    return np.asarray(radius + np.sum(waves, axis=0), np.float32)


def _direction_steps(down: Floats, right: Floats) -> NDArray[np.int64]:
    """Direction of each pixel from the centre, in 256 steps."""
    return np.asarray(np.arctan2(down, right) * (128 / np.pi) + 128, np.int64)
