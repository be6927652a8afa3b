"""The dense head: one logit for each cell of 8 x 8 px of a view, and the logit of a view from those of its cells.

The feature maps of the encoder's last three stages are projected to the same width, upsampled and added, as in a
feature pyramid (Lin et al. 2017). Pooling takes the cells with the highest logits: a small lesion changes few cells,
and their mean over the view would hide it.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

CELL: Final = 8  # view pixels along one side of a cell
STAGE_CHANNELS: Final = (128, 256, 512)  # of the encoder's stages 2 to 4
POOLED_CELLS: Final = 3  # 1, 3 and 6 were alike in ROC-AUC; a nodule of 10 mm covers no more
LEAST_LUNG: Final = 0.25  # of a cell
NOT_COUNTED: Final = -12.0  # logit of a cell that does not count: low and finite, as is that of a view without lung


class DenseHead(nn.Module):
    """Feature maps of stages 2 to 4 -> logits of cells [N, H/8, W/8]."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.width = width
        self.laterals = nn.ModuleList(nn.Conv2d(channels, width, kernel_size=1) for channels in STAGE_CHANNELS)
        self.smooth = nn.Sequential(
            nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.logit = nn.Conv2d(width, 1, kernel_size=1)
        with torch.no_grad():  # most cells are normal: an even start would be unlearned for long
            self.logit.get_parameter("bias").fill_(-2.0)

    def forward(self, stages: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Features [N, C, H/8, W/8], [N, 2C, H/16, W/16], [N, 4C, H/32, W/32] -> logits [N, H/8, W/8]."""
        fine, middle, coarse = (lateral(features) for lateral, features in zip(self.laterals, stages, strict=True))
        logits: Tensor = self.logit(self.smooth(fine + _doubled(middle + _doubled(coarse))))
        return logits.squeeze(1)


def counted_cells(lung_mask: Tensor) -> Tensor:
    """Mask [N, 1, H, W] -> cells [N, H/8, W/8] that count: over a quarter lung, or next to such a cell."""
    lung = (functional.avg_pool2d(lung_mask.float(), CELL) > LEAST_LUNG).float()
    return functional.max_pool2d(lung, kernel_size=3, stride=1, padding=1).squeeze(1) > 0


def pooled(cells: Tensor, counted: Tensor) -> Tensor:
    """Logits of cells [N, h, w] -> logit of each view [N]: the mean over the highest `POOLED_CELLS` that count."""
    kept = torch.where(counted, cells, torch.full_like(cells, NOT_COUNTED)).flatten(1)
    return kept.topk(POOLED_CELLS, dim=1).values.mean(dim=1)


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")
