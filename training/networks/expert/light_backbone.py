"""A light dense network for blocks: cells of 4 mm, 0.38 or 1.51 million weights, made for two cores.

Each 2 x 2 x 2 voxels become eight channels first, so that no convolution runs on the full grid; two coarser levels give
the surroundings (a vessel goes on, a nodule ends), added as in a feature pyramid (Lin et al. 2017).
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS: Final = (16, 32, 64)
WIDE: Final = (32, 64, 128)  # four times the arithmetic in twice the time: INT8 convolutions of 16 channels waste lanes


class Features(NamedTuple):
    """What the light network sees: `fine` [N, C, D/2, H/2, W/2] of each cell, `middle` [N, C, D/4, H/4, W/4]."""

    fine: Tensor
    middle: Tensor


class LightBackbone(nn.Module):
    """Signed blocks [N, 1, D, H, W] -> logits of cells [N, 1, D/2, H/2, W/2]; D, H, W are multiples of 8."""

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.stem = nn.Sequential(_convolution(8, fine), Residual(fine))
        self.down_middle = nn.Sequential(_convolution(fine, middle, stride=2), Residual(middle))
        self.down_coarse = nn.Sequential(_convolution(middle, coarse, stride=2), Residual(coarse))
        self.from_middle = nn.Conv3d(middle, fine, kernel_size=1)
        self.from_coarse = nn.Conv3d(coarse, middle, kernel_size=1)
        self.smooth = Residual(fine)
        self.logit = nn.Conv3d(fine, 1, kernel_size=1)
        with torch.no_grad():  # nearly all cells are normal
            self.logit.get_parameter("bias").fill_(-4.0)

    def forward(self, blocks: Tensor) -> Tensor:
        logits: Tensor = self.logit(self.features(blocks).fine)
        return logits

    def features(self, blocks: Tensor) -> Features:
        """What the logit is made of, and what lies around it."""
        fine = self.stem(space_to_depth(blocks))
        middle = self.down_middle(fine)
        middle = middle + _doubled(self.from_coarse(self.down_coarse(middle)))
        return Features(self.smooth(fine + _doubled(self.from_middle(middle))), middle)


class Residual(nn.Module):
    """Two convolutions of 3 x 3 x 3 and what goes past them (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv3d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm3d(channels))

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.second(self.first(features)))


def light_backbone() -> nn.Module:
    """The backbone with its usual widths."""
    return LightBackbone()


def wide_backbone() -> nn.Module:
    """The backbone with twice as many channels."""
    return LightBackbone(WIDE)


def space_to_depth(blocks: Tensor) -> Tensor:
    """[N, 1, D, H, W] -> [N, 8, D/2, H/2, W/2]: the voxels of a cell as channels."""
    count, _, depth, rows, columns = blocks.shape
    parts = blocks.reshape(count, depth // 2, 2, rows // 2, 2, columns // 2, 2)
    return parts.permute(0, 2, 4, 6, 1, 3, 5).reshape(count, 8, depth // 2, rows // 2, columns // 2)


def _convolution(channels: int, filters: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels, filters, 3, stride, padding=1, bias=False), nn.BatchNorm3d(filters), nn.ReLU(inplace=True)
    )


def _doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")
