"""SlowFast-R50 (Feichtenhofer et al. 2019), the deck's first 3D network: written from the paper, with one grey channel.

Its time is the axis of the body here. The slow pathway sees every fourth slice with many channels, the fast one all
slices with an eighth of them; after each stage the fast features join the slow ones by a strided convolution.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

ALPHA: Final = 4  # slices of the fast pathway for each one of the slow pathway
BETA: Final = 8  # channels of the slow pathway for each one of the fast pathway
BLOCKS: Final = (3, 4, 6, 3)  # of ResNet-50
WIDTHS: Final = (64, 128, 256, 512)
EXPANSION: Final = 4
SLOW_KERNELS: Final = (1, 1, 3, 3)  # along the body: the slow pathway looks at single slices first
FAST_KERNEL: Final = 3
JOINED: Final = 2  # times the fast channels that join the slow pathway


class SlowFast(nn.Module):
    """Signed blocks [N, 1, D, H, W] -> logits of cells [N, 1, D/4, H/32, W/32]; D is a multiple of 4."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_stem, self.fast_stem = _stem(64, along=1), _stem(64 // BETA, along=5)
        self.joins = nn.ModuleList(_join(channels // BETA) for channels in (64, *(EXPANSION * w for w in WIDTHS[:3])))
        slow, fast, inputs = [], [], 64
        for number, (width, blocks) in enumerate(zip(WIDTHS, BLOCKS, strict=True)):
            stride = 1 if number == 0 else 2
            joined = inputs + JOINED * inputs // BETA
            slow.append(_stage(joined, width, blocks, stride, SLOW_KERNELS[number]))
            fast.append(_stage(inputs // BETA, width // BETA, blocks, stride, FAST_KERNEL))
            inputs = EXPANSION * width
        self.slow, self.fast = nn.ModuleList(slow), nn.ModuleList(fast)
        self.logit = nn.Conv3d(inputs + inputs // BETA, 1, kernel_size=1)
        nn.init.constant_(self.logit.get_parameter("bias"), -2.0)

    def forward(self, blocks: Tensor) -> Tensor:
        slow, fast = self.slow_stem(blocks[:, :, ::ALPHA]), self.fast_stem(blocks)
        for join, slow_stage, fast_stage in zip(self.joins, self.slow, self.fast, strict=True):
            slow = slow_stage(torch.cat([slow, join(fast)], dim=1))
            fast = fast_stage(fast)
        features = torch.cat([slow, functional.avg_pool3d(fast, (ALPHA, 1, 1))], dim=1)
        logits: Tensor = self.logit(features)
        return logits


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 in the plane with a kernel along the body in the first, and what goes past them."""

    def __init__(self, inputs: int, width: int, stride: int, along: int) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.layers = nn.Sequential(
            *_convolution(inputs, width, (along, 1, 1)),
            nn.ReLU(inplace=True),
            *_convolution(width, width, (1, 3, 3), stride),
            nn.ReLU(inplace=True),
            *_convolution(width, outputs, (1, 1, 1)),
        )
        same = inputs == outputs and stride == 1
        self.past = nn.Identity() if same else nn.Sequential(*_convolution(inputs, outputs, (1, 1, 1), stride))

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(self.past(features) + self.layers(features))


def _stage(inputs: int, width: int, blocks: int, stride: int, along: int) -> nn.Sequential:
    first = Bottleneck(inputs, width, stride, along)
    return nn.Sequential(first, *(Bottleneck(EXPANSION * width, width, 1, along) for _ in range(blocks - 1)))


def _stem(filters: int, along: int) -> nn.Sequential:
    pool = nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
    return nn.Sequential(*_convolution(1, filters, (along, 7, 7), 2), nn.ReLU(inplace=True), pool)


def _join(channels: int) -> nn.Sequential:
    """Fast features, all slices -> twice their channels, every fourth slice."""
    kernel, stride = (5, 1, 1), (ALPHA, 1, 1)
    convolution = nn.Conv3d(channels, JOINED * channels, kernel, stride, padding=(2, 0, 0), bias=False)
    return nn.Sequential(convolution, nn.BatchNorm3d(JOINED * channels), nn.ReLU(inplace=True))


def _convolution(channels: int, filters: int, kernel: tuple[int, int, int], stride: int = 1) -> tuple[nn.Module, ...]:
    """A convolution that keeps all slices, with its normalisation."""
    along, rows, columns = (side // 2 for side in kernel)
    return (
        nn.Conv3d(channels, filters, kernel, (1, stride, stride), (along, rows, columns), bias=False),
        nn.BatchNorm3d(filters),
    )
