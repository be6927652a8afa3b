"""A stack of published 8-bit slices as a volume in HU, so that serving's own code surveys it.

The window is unknown. Two levels fix it, as the lungs are normal or mostly so: the median of the lungs, and the soft
tissue around them. Distances are unknown too and assumed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import nibabel
import numpy as np
from numpy.typing import NDArray

from screening.lungs.lung_mask import ASSUMED_FIELD_MM, lung_mask_of_grey
from training.synthesis.lung_context import MIN_AREA, LungContext

LUNG_HU: Final = -860.0
SOFT_HU: Final = 40.0
ASSUMED_STEP_MM: Final = 2.5  # every second slice of 1.25 mm: the three stacks at hand then measure 315 to 345 mm


def write_as_nifti(files: Sequence[Path], path: Path) -> None:
    """Write the slices, from the feet to the head, as NIfTI in HU; raises ValueError where no slice shows lung."""
    slices = [np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8) for file in files]
    lung, soft = _levels(slices)
    hu = (np.stack(slices).astype(np.float32) - lung) * ((SOFT_HU - LUNG_HU) / (soft - lung)) + LUNG_HU
    stack = np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
    side_mm = ASSUMED_FIELD_MM / stack.shape[2]
    affine = np.diag([-side_mm, -side_mm, ASSUMED_STEP_MM, 1.0])  # rows run to posterior, columns to the left
    nibabel.save(nibabel.Nifti1Image(stack.transpose(2, 1, 0), affine), path)


def _levels(slices: Sequence[NDArray[np.uint8]]) -> tuple[float, float]:
    """Grey of lung and of soft tissue: medians over the slices that show enough lung."""
    masks = [lung_mask_of_grey(slice_).view(np.uint8) for slice_ in slices]
    shown = [
        LungContext.of(slice_, mask) for slice_, mask in zip(slices, masks, strict=True) if mask.sum() >= 20 * MIN_AREA
    ]
    if not shown:
        raise ValueError("no slice of the stack shows lung")
    return float(np.median([one.lung for one in shown])), float(np.median([one.soft for one in shown]))
