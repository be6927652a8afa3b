"""What the cells of a view should say, and how far a cell that shows no marked lesion may be called normal."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from training.networks.dense_head import CELL

COVERED: Final = 2.5  # a cell is fully positive when this share of its inverse, 40 %, is changed
NORMAL: Final = 1.0
MARKED_ELSEWHERE: Final = 0.4  # lung of a patient whose tumour is marked in other slices
UNKNOWN: Final = 0.15


def cell_targets(changed: Tensor) -> Tensor:
    """Where a lesion is visible [N, S, S] -> target of each cell [N, S/8, S/8] in 0 ... 1."""
    covered = functional.avg_pool2d(changed.float().unsqueeze(1), CELL).squeeze(1)
    return (COVERED * covered).clamp(max=1.0)


def trust_in_normality(label: int | None, marked_patient: bool) -> float:
    """How far the unpainted lung of a slice or a volume of this label may be called normal."""
    if label == 0:
        return NORMAL
    return MARKED_ELSEWHERE if marked_patient else UNKNOWN


def grown(cells: Tensor, radius: int) -> Tensor:
    """Cells [N, h, w] that are within `radius` cells of a true one."""
    side = 2 * radius + 1
    wide = functional.max_pool2d(cells.float().unsqueeze(1), kernel_size=side, stride=1, padding=radius)
    return torch.as_tensor(wide.squeeze(1) > 0)
