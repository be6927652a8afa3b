"""What a lesion must know of the slice that it is painted on: where lung is, and how bright and grainy tissue is."""

from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

WALL: Final = np.ones((11, 11), np.uint8)
LEAST_CONTRAST: Final = 60.0  # grey levels between lung and tissue
LEAST_AREA: Final = 120  # pixels; below it there is no lung to paint on


class NoRoom(Exception):
    """The view shows too little lung for a lesion."""


@dataclass(frozen=True)
class Lungs:
    """`view` [S, S] in grey levels 0 ... 255, `mask` of the lungs, `depth` below the pleura in px;
    `places` [N, 2] are row and column of its pixels and `depths` [N] how deep they lie.

    `lung`, `soft` and `air` are the grey levels of normal lung, of the tissue around it, and of air; `grain` is the
    deviation of noise in tissue; `reach` the radius (px) of a circle as large as one lung.
    """

    view: Floats
    mask: Bools
    depth: Floats
    places: NDArray[np.int64]
    depths: Floats
    lung: float
    soft: float
    air: float
    grain: float
    reach: float

    @classmethod
    def of(cls, view: Bytes, mask: Bytes) -> Self:
        """Measure a view and its lung mask; raises NoRoom."""
        inside = mask > 0
        if inside.sum() < LEAST_AREA:
            raise NoRoom
        grey = view.astype(np.float32)
        ring = (cv2.dilate(inside.astype(np.uint8), WALL) > 0) & ~inside
        lung = float(np.median(grey[inside]))
        soft = max(float(np.percentile(grey[ring], 60)) if ring.any() else 0.0, lung + LEAST_CONTRAST)
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
            grain=float(np.clip(1.5 * np.median(rough), 0.5, 12.0)) if rough.size else 1.0,
            reach=float(np.sqrt(inside.sum() / 2 / np.pi)),
        )

    def between(self, share: float) -> float:
        """Grey level of lung (0) to soft tissue (1)."""
        return self.lung + share * (self.soft - self.lung)

    def somewhere(self, random: np.random.Generator, below: float = 0.0, above: float = np.inf) -> tuple[int, int]:
        """Row and column of a pixel of lung this deep (px) below the pleura; anywhere in it where few are so deep."""
        for _ in range(20):
            place = random.integers(len(self.places))
            if below < self.depths[place] <= above:
                break
        row, column = self.places[place]
        return int(row), int(column)
