"""Which part of a slice's lung mask counts for the networks: not the domes of the diaphragm.

The top of a dome lies free in the lung like a mass, and its rim is blurred by breathing; every network that was tried
here takes it for disease (docs/adr/0020). A place counts only where the lungs of the slices below still lie under it.
Where the stack ends within the lungs, nothing is known of what lies below, and all lung of the lowest slice counts.

What this costs: disease that lies within 13 mm above the diaphragm and reaches no higher: a small basal effusion, a
basal nodule, the lower part of a mass. A ball of 40 mm painted at every height of one normal study is found wherever
half of it or more lies in the lung; of two that lie mostly in the diaphragm, none.
"""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from screening.lungs.lung_survey import LungSurvey

BELOW_MM: Final = 13.0
# Lungs taper from slice to slice; a place so near to lung below counts, and the classifier counts a cell (10 mm) more.
# Highest logit of the normal study over 12 offsets and spacings: 1.75 with 8 mm, 1.68 with 6 mm, 1.46 with 4 mm;
# lowest of balls that lie in the lung 2.98 with 8 mm, 2.93 with 4 mm.
SLACK_MM: Final = 4.0

Mask = NDArray[np.bool_]


def lungs_without_domes(survey: LungSurvey, cell_mm: tuple[float, float]) -> Mapping[int, Mask]:
    """For each viewed slice the part of its lung mask that counts, on the mask's grid of cells (row, column) in mm."""
    kernel = _kernel(cell_mm)
    near = {
        index: cv2.dilate(anatomy.lungs.view(np.uint8), kernel).view(np.bool_)
        for index, anatomy in survey.anatomies.items()
        if not anatomy.blank
    }
    return {index: _counted(survey, index, near) for index in survey.viewed}


def _counted(survey: LungSurvey, index: int, near: Mapping[int, Mask]) -> Mask:
    height_mm = survey.heights_mm[index]
    counted = survey.anatomies[index].lungs
    for below, lungs in near.items():
        if 0 < height_mm - survey.heights_mm[below] <= BELOW_MM:
            counted = counted & lungs
    return counted


def _kernel(cell_mm: tuple[float, float]) -> NDArray[np.uint8]:
    rows, columns = (2 * max(1, round(SLACK_MM / side)) + 1 for side in cell_mm)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (columns, rows)), np.uint8)
