"""The colours of a heatmap over a grey slice."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_HEAT_SHARE: Final = 0.55  # opacity where the map is highest: the slice stays readable below


def overlaid(grey: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RGB [rows, columns, 3] of a grey slice under its heatmap of values from 0 to 1."""
    heat = np.clip(heat, 0.0, 1.0)
    colours = cv2.applyColorMap(np.rint(heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    share = heat[..., None] ** 2 * MAX_HEAT_SHARE  # squared: low values of the map stay invisible
    return np.asarray(np.rint(grey[..., None] * (1.0 - share) + colours * share), np.uint8)
