"""Slices that teach nothing: bone only, overexposed, broken; each is left out with its reason."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Defect = Literal["broken", "overexposed", "bone"]

LEAST_LEVELS: Final = 16  # a slice of CT in 8 bits has over 200 grey levels; a blank or torn one a handful
MOST_WHITE: Final = 0.85  # of the view; a slice of the liver alone reaches 0.7
WHITE: Final = 250
LEAST_LUNG: Final = 0.02  # of the view; above the lungs' tips and below the diaphragm are shoulders and spine


def defect_of(view: NDArray[np.uint8], lung_mask: NDArray[np.uint8]) -> Defect | None:
    """What is wrong with a view [size, size] whose lung mask [size, size] is 1 inside; None where nothing is."""
    if np.count_nonzero(np.bincount(view.ravel(), minlength=256)) < LEAST_LEVELS:
        return "broken"
    if float((view >= WHITE).mean()) > MOST_WHITE:
        return "overexposed"
    if float(lung_mask.mean()) < LEAST_LUNG:
        return "bone"
    return None
