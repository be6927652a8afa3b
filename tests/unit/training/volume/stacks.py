"""A small synthetic stack: two lungs with vessels, in HU."""

from functools import cache

import numpy as np

from training.synthesis.volume_lesions import LungStack
from training.volume.training_stack import TrainingStack

SLICES, SIDE, STEP_MM = 30, 110, 3.0


@cache
def synthetic_stack(*, tumour: bool = False) -> TrainingStack:
    """Lungs of -860 HU in a body of 40 HU; with a tumour, a marked ball of 16 mm in the left one."""
    z, row, column = np.meshgrid(*(np.arange(count) for count in (SLICES, SIDE, SIDE)), indexing="ij")
    height = (z - SLICES / 2) * STEP_MM / 40
    lungs = np.zeros(z.shape, np.bool_)
    for middle in (30, 80):
        lungs |= height**2 + ((row - 55) / 40) ** 2 + ((column - middle) / 20) ** 2 < 1
    random = np.random.default_rng(0)
    hu = np.where(lungs, -860, 40) + random.normal(0, 20, z.shape)
    hu[:, 50:53][lungs[:, 50:53]] = 0  # a sheet of vessels
    lesion = np.zeros_like(lungs)
    if tumour:
        lesion = ((z - 15) * STEP_MM) ** 2 + (row - 60) ** 2 + (column - 80) ** 2 < 8**2
        hu[lesion] = 30
    stack = LungStack(hu.astype(np.int16), lungs, (STEP_MM, 1.0, 1.0))
    heights = np.arange(SLICES, dtype=np.float64) * STEP_MM
    return TrainingStack("synthetic", stack, heights, lesion, trust=0.4 if tumour else 1.0)
