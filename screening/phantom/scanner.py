"""A scanner's blur and noise with a soft kernel."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.phantom.shapes import Field

BLUR: Final = 0.0012  # standard deviation of the point spread, as a share of the field of view
NOISE_HU: Final = 17.0
# The noise of a filtered back-projection has little power at low frequencies: fine noise less a part of its blur.
FINE_PX: Final = 0.75
COARSE_PX: Final = 2.2
COARSE_PART: Final = 0.75


def scanned(hu: Field, draw: np.random.Generator) -> NDArray[np.int16]:
    """The slice [H, W] in HU as a scanner shows it."""
    sharp = cv2.GaussianBlur(hu, (0, 0), BLUR * len(hu))
    return np.clip(np.rint(sharp + NOISE_HU * kernel_noise(hu.shape, draw)), -1024, 3071).astype(np.int16)


def kernel_noise(shape: tuple[int, ...], draw: np.random.Generator) -> Field:
    """Noise of deviation 1 with a soft kernel's spectrum."""
    fine = cv2.GaussianBlur(draw.standard_normal(shape, np.float32), (0, 0), FINE_PX)
    coarse = cv2.GaussianBlur(fine, (0, 0), COARSE_PX)
    noise = fine - np.float32(COARSE_PART) * coarse
    return np.asarray(noise / np.float32(_deviation()), np.float32)


def _deviation() -> float:
    """Of white noise after both blurs: the norm of the kernel, a difference of Gaussians."""
    both = np.hypot(FINE_PX, COARSE_PX)
    power = (
        _overlap(FINE_PX, FINE_PX) - 2 * COARSE_PART * _overlap(FINE_PX, both) + COARSE_PART**2 * _overlap(both, both)
    )
    return float(np.sqrt(power))


def _overlap(one: float, other: float) -> float:
    """The integral of the product of two Gaussians of these deviations."""
    return float(1 / (2 * np.pi * (one * one + other * other)))
