"""Slices that are excluded from training: bone only, overexposed, broken; each with its reason."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Defect = Literal["broken", "overexposed", "bone"]

MIN_GREY_LEVELS: Final = 16  # a CT slice in 8 bits has over 200 grey levels, a blank or damaged one fewer than 16
MAX_WHITE_FRACTION: Final = 0.85  # of the view; a slice of the liver alone reaches 0.7
WHITE: Final = 250
MIN_LUNG_FRACTION: Final = (
    0.02  # of the view; above the lung apices and below the diaphragm, a slice shows shoulders and spine
)


def defect_of(view: NDArray[np.uint8], lung_mask: NDArray[np.uint8]) -> Defect | None:
    """The defect of a view [size, size] with this lung mask [size, size] (1 inside); None if there is none."""
    if np.count_nonzero(np.bincount(view.ravel(), minlength=256)) < MIN_GREY_LEVELS:
        return "broken"
    if float((view >= WHITE).mean()) > MAX_WHITE_FRACTION:
        return "overexposed"
    if float(lung_mask.mean()) < MIN_LUNG_FRACTION:
        return "bone"
    return None
