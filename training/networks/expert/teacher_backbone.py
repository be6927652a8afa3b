"""The teacher's trunk, frozen, with a head of ours: a feature pyramid over its maps, with the light network's cells.

Cells of its stages are wide (8 mm in the plane for the first, 16 mm for the second), so the finest map is that of its
stem, of 4 mm; coarser ones give the surroundings, as in the light network.
"""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.expert.grey_scale import unit
from training.networks.expert.light_backbone import Residual
from training.networks.expert.teacher_trunk import TeacherTrunk

FINE: Final = 16  # channels at the resolution of the cells, as in the light network,
COARSE: Final = 32  # and at that of the first stage
ALONG: Final = 2  # slices of the stem's map for each cell


class TeacherBackbone(nn.Module):
    """Signed blocks [N, 1, D, H, W] -> logits of cells [N, 1, D/2, H/2, W/2]; only the head learns."""

    def __init__(self, trunk: TeacherTrunk | None = None) -> None:
        super().__init__()
        self.trunk = trunk or TeacherTrunk()
        self.head = TeacherHead(self.trunk.channels)

    def forward(self, blocks: Tensor) -> Tensor:
        logits: Tensor = self.head(self.maps(blocks))
        return logits

    def maps(self, blocks: Tensor) -> list[Tensor]:
        """What the head is given: maps of the stem, at the resolution of the cells, and of the stages."""
        stem, *stages = self.trunk(unit(blocks))
        return [functional.avg_pool3d(stem, (ALONG, 1, 1)), *stages]


class TeacherHead(nn.Module):
    """Maps of these channels, the first at the resolution of the cells -> logits of cells [N, 1, d, h, w]."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        stem, *stages = channels
        self.from_stages = nn.ModuleList(_projection(one, COARSE) for one in stages)
        self.around = nn.Sequential(nn.ReLU(), Residual(COARSE), _projection(COARSE, FINE))
        self.from_stem = _projection(stem, FINE)
        self.smooth = nn.Sequential(nn.ReLU(), Residual(FINE))
        self.logit = nn.Conv3d(FINE, 1, kernel_size=1)
        with torch.no_grad():  # nearly all cells are normal
            self.logit.get_parameter("bias").fill_(-4.0)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        stem, *stages = maps
        projected = [project(one) for project, one in zip(self.from_stages, stages, strict=True)]
        around = self.around(torch.stack([_resized(one, projected[0]) for one in projected]).sum(dim=0))
        cells = self.from_stem(stem)
        logits: Tensor = self.logit(self.smooth(cells + _resized(around, cells)))
        return logits


def _projection(channels: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(channels, outputs, kernel_size=1, bias=False), nn.BatchNorm3d(outputs))


def _resized(features: Tensor, like: Tensor) -> Tensor:
    """Features at the resolution of others, of a whole multiple."""
    return functional.interpolate(features, size=like.shape[2:], mode="nearest")
