"""Measurements of a slice for painting lesions: position of the lungs, grey levels and noise of its tissues."""

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

PLEURA_KERNEL: Final = np.ones((11, 11), np.uint8)
MIN_CONTRAST: Final = 60.0  # grey levels between lung and tissue
MIN_AREA: Final = 120  # pixels of lung; a smaller one has no space for a lesion


class TooLittleLung(Exception):
    """The view shows too little lung to paint a lesion."""


@dataclass(frozen=True)
class LungContext:
    """`view` [S, S] in grey levels 0 ... 255, `mask` of the lungs, `depth` [S, S] below the pleura in px.

    `points` [N, 2] are row and column of the lungs' pixels, `depths` [N] their depth. `lung`, `soft` and `air` are the
    grey levels of normal lung, soft tissue around it, and air. `noise_sd` is the standard deviation of noise in tissue,
    `lung_radius` (px) that of a circle with the area of one lung.
    """

    view: Floats
    mask: Bools
    depth: Floats
    points: NDArray[np.int64]
    depths: Floats
    lung: float
    soft: float
    air: float
    noise_sd: float
    lung_radius: float

    @classmethod
    def of(cls, view: Bytes, mask: Bytes) -> Self:
        """Measure a view and its lung mask; raises NoRoom."""
        inside = mask > 0
        if inside.sum() < MIN_AREA:
            raise TooLittleLung
        grey = view.astype(np.float32)
        ring = (cv2.dilate(inside.astype(np.uint8), PLEURA_KERNEL) > 0) & ~inside
        lung = float(np.median(grey[inside]))
        soft = max(float(np.percentile(grey[ring], 60)) if ring.any() else 0.0, lung + MIN_CONTRAST)
        depth = np.asarray(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3), np.float32)
        rough = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0))[ring]
        return cls(
            grey,
            inside,
            depth,
            np.argwhere(inside),
            depth[inside],
            lung,
            soft,
            air=min(float(np.percentile(grey[inside], 3)), 0.4 * lung),
            noise_sd=float(np.clip(1.5 * np.median(rough), 0.5, 12.0)) if rough.size else 1.0,
            lung_radius=float(np.sqrt(inside.sum() / 2 / np.pi)),
        )

    def grey_between(self, fraction: float) -> float:
        """Grey level between lung (0) and soft tissue (1)."""
        return self.lung + fraction * (self.soft - self.lung)

    def random_pixel(self, random: np.random.Generator, below: float = 0.0, above: float = np.inf) -> tuple[int, int]:
        """Row and column of a random lung pixel of this depth (px) below the pleura; of any depth after 20 draws."""
        for _ in range(20):
            point = random.integers(len(self.points))
            if below < self.depths[point] <= above:
                break
        row, column = self.points[point]
        return int(row), int(column)
