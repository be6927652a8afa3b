"""The 3D expert: a backbone that gives a logit for each cell of a block, and the logit and place of the highest cells.

All backbones are used alike: fully convolutional, with one logit for each cell of their own stride. A lesion is small
beside a block, so the mean over all cells would hide it, as in the dense classifier (docs/adr/0020).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from screening.contract import BLOCK
from training.networks.dense_head import LEAST_LUNG, NOT_COUNTED
from training.networks.expert.grey_scale import signed
from training.networks.expert.light_backbone import light_backbone, wide_backbone
from training.networks.expert.r3d18 import r3d18
from training.networks.expert.slowfast import SlowFast
from training.networks.expert.teacher_backbone import TeacherBackbone

Backbone = Literal["light", "wide", "r3d18", "slowfast", "teacher"]

POOLED_MM3: Final = 200.0  # the highest cells that a logit is the mean of: a ball of 7 mm

BACKBONES: Final[Mapping[Backbone, Callable[[], nn.Module]]] = MappingProxyType(
    {"light": light_backbone, "wide": wide_backbone, "r3d18": r3d18, "slowfast": SlowFast, "teacher": TeacherBackbone}
)


class Expert3d(nn.Module):
    """A backbone (signed blocks [N, 1, D, H, W] -> logits of cells [N, 1, d, h, w]), pooled."""

    def __init__(self, backbone: Backbone = "light", module: nn.Module | None = None) -> None:
        """`module` is a backbone of this name that exists already."""
        super().__init__()
        self.name = backbone
        self.backbone = module or BACKBONES[backbone]()

    @property
    def settings(self) -> dict[str, Any]:
        return {"backbone": self.name}

    def forward(self, block: Tensor, block_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Bytes and mask [B, 1, D, H, W] -> logit [B, 1] and the voxel [B, 3] at the centre of the highest cell.

        A block without lung that counts has the logit `NOT_COUNTED`.
        """
        cells = self.cells(block)
        kept = torch.where(counted_cells(block_mask, cells.shape[1:]), cells, torch.full_like(cells, NOT_COUNTED))
        flat = kept.flatten(1)
        logit = flat.topk(self.pooled_cells(cells.shape[1:]), dim=1).values.mean(dim=1, keepdim=True)
        return logit, _centre(flat.argmax(dim=1), cells.shape[1:])

    def cells(self, block: Tensor) -> Tensor:
        """Bytes [N, 1, D, H, W] -> the logit of each cell [N, d, h, w]."""
        cells: Tensor = self.backbone(signed(block))
        return cells.squeeze(1)

    def pooled_cells(self, shape: torch.Size, voxel_mm: float = 2.0) -> int:
        """How many cells of a whole block of this many cells make `POOLED_MM3`; at least one."""
        cell_mm3 = voxel_mm**3 * BLOCK[0] * BLOCK[1] * BLOCK[2] / (shape[0] * shape[1] * shape[2])
        return max(1, round(POOLED_MM3 / cell_mm3))


def counted_cells(mask: Tensor, shape: torch.Size) -> Tensor:
    """Mask [N, 1, D, H, W] -> which cells [N, d, h, w] count: over a quarter lung, or next to such a cell."""
    near = functional.max_pool3d((share_of_cells(mask, shape) > LEAST_LUNG).float(), kernel_size=3, stride=1, padding=1)
    return near.squeeze(1) > 0


def share_of_cells(mask: Tensor, shape: torch.Size) -> Tensor:
    """Mask [N, 1, D, H, W] -> the share of each cell [N, 1, d, h, w] that it fills; cells divide the sides evenly."""
    cell = tuple(side // count for side, count in zip(mask.shape[2:], shape, strict=True))
    return functional.avg_pool3d(mask.float(), cell)


def _centre(index: Tensor, shape: torch.Size) -> Tensor:
    """Flat indices of cells [B] -> their centres in voxels of a block [B, 3]."""
    _, rows, columns = shape
    place = torch.stack([index // (rows * columns), index // columns % rows, index % columns], dim=1).float()
    cell = torch.tensor([side / count for side, count in zip(BLOCK, shape, strict=True)])
    return (place + 0.5) * cell - 0.5
