"""Display windows: HU -> 8-bit grey for viewing. The networks' own window is in `screening.views.augmented_views`."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

LARGEST_HU: Final = 1e6


@dataclass(frozen=True)
class Window:
    """Window Center and Window Width in HU (PS3.3 C.11.2.1.2).

    Raises ValueError for a width of 1 or less, and beyond numbers that single precision can hold the slice in.
    """

    center_hu: float
    width_hu: float

    def __post_init__(self) -> None:
        if not (abs(self.center_hu) <= LARGEST_HU and 1 < self.width_hu <= LARGEST_HU):  # of NaN neither is true
            raise ValueError("a window has a centre and a width above 1 HU")

    def grey(self, hu: NDArray[np.int16]) -> NDArray[np.uint8]:
        """The slice as 8 bit by the LINEAR function (PS3.3 C.11.2.1.2.1), rounded."""
        fraction = (hu.astype(np.float32) - (self.center_hu - 0.5)) / (self.width_hu - 1.0) + 0.5
        return np.asarray(np.rint(np.clip(fraction, 0.0, 1.0) * 255.0), np.uint8)


LUNG: Final = Window(-600, 1500)
PRESETS: Final = {"lung": LUNG, "mediastinum": Window(40, 400), "bone": Window(400, 1800), "wide": Window(-200, 2000)}


def png(grey: NDArray[np.uint8]) -> bytes:
    """A grey slice as PNG."""
    written, data = cv2.imencode(
        ".png", grey, [cv2.IMWRITE_PNG_COMPRESSION, 1]
    )  # level 9 takes ten times as long and saves 10 %
    if not written:
        raise RuntimeError("OpenCV could not write a PNG")
    return data.tobytes()
