"""The outline of a report's box on a slice, in pixel coordinates of DICOM."""

import numpy as np
from numpy.typing import NDArray

from screening.results.localisation import Localisation


def outline(box: Localisation) -> NDArray[np.float64]:
    """Closed polyline [5, 2] of columns and rows at the outer edges of the box's pixels.

    Coordinates begin at 0 at the outer edge of the first pixel (PS3.3 C.10.5.1.2).
    """
    left, right, top, bottom = box.x[0], box.x[1] + 1, box.y[0], box.y[1] + 1
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], np.float64)
