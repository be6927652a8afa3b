"""The teacher's trunk, frozen, in its own three axes: stem and two stages of an inflated ResNet-152 (docs/adr/0022).

Its kernels of 3 x 3 have three planes along the body, those of one pixel have one; where a stage halves the plane, it
halves the slices. Normalisation is folded into the convolutions: nothing of it learns here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

from training.networks.teacher import published_weights

DEPTHS: Final = (3, 8)  # blocks of the stages of ResNet-152 that are kept: the third told no more of painted lesions
WIDTH: Final = 64
EXPANSION: Final = 4
EPSILON: Final = 1e-5  # of its normalisation


class TeacherTrunk(nn.Module):
    """Grey [N, 1, D, H, W] of 0 ... 1 -> maps of the stem and of each stage, `channels` each, in the block's axes.

    The stem has cells of 1 x 2 x 2 voxels, the stages of 2 x 4 x 4, 4 x 8 x 8 and so on.
    """

    def __init__(self, depths: Sequence[int] = DEPTHS, width: int = WIDTH) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, width, (3, 7, 7), (1, 2, 2), (1, 3, 3))
        self.channels = [width]
        for number, depth in enumerate(depths, start=1):
            inputs, narrow, stride = self.channels[-1], width * 2 ** (number - 1), 1 if number == 1 else 2
            outputs = EXPANSION * narrow
            rest = (Bottleneck(outputs, narrow) for _ in range(depth - 1))
            self.add_module(f"layer{number}", nn.Sequential(Bottleneck(inputs, narrow, stride), *rest))
            self.channels.append(outputs)
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, grey: Tensor) -> list[Tensor]:
        # Turning a stage's map back by half a turn and a transposition keeps every cell's place: sides are even.
        maps = [functional.relu(self.conv1(_turned(grey)))]
        features = functional.max_pool3d(maps[0], kernel_size=3, stride=2, padding=1)
        for number in range(1, len(self.channels)):
            features = self.get_submodule(f"layer{number}")(features)
            maps.append(features)
        return [_turned(one) for one in maps]


class Bottleneck(nn.Module):
    """1 x 1 x 1, 3 x 3 x 3, 1 x 1 x 1, and what goes past them."""

    def __init__(self, inputs: int, narrow: int, stride: int = 1) -> None:
        super().__init__()
        outputs = EXPANSION * narrow
        self.conv1 = nn.Conv3d(inputs, narrow, kernel_size=1)
        self.conv2 = nn.Conv3d(narrow, narrow, kernel_size=3, stride=stride, padding=1)
        self.conv3 = nn.Conv3d(narrow, outputs, kernel_size=1)
        same = inputs == outputs
        self.downsample = nn.Identity() if same else nn.Conv3d(inputs, outputs, kernel_size=1, stride=stride)

    def forward(self, features: Tensor) -> Tensor:
        inner = functional.relu(self.conv2(functional.relu(self.conv1(features))))
        return functional.relu(self.conv3(inner) + self.downsample(features))


def load_trunk() -> TeacherTrunk:
    """The trunk with the teacher's published weights; raises TeacherMissing."""
    return trunk_of(TeacherTrunk(), published_weights())


def trunk_of(trunk: TeacherTrunk, published: Mapping[str, Tensor]) -> TeacherTrunk:
    """This trunk with published weights; stages beyond its own are not read. Raises KeyError for a missing weight."""
    weights = {}
    for name, module in trunk.named_modules():
        if isinstance(module, nn.Conv3d):
            weights[f"{name}.weight"], weights[f"{name}.bias"] = _folded(name, published)
    weights["conv1.weight"] = weights["conv1.weight"].sum(dim=1, keepdim=True)  # three channels of the same slice
    trunk.load_state_dict(weights, strict=True)
    return trunk


def _folded(name: str, published: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution with the normalisation that follows it."""
    past = name.endswith("downsample")
    kernel = published[f"{name}.0.weight" if past else f"{name}.weight"].float()
    norm = f"{name}.1" if past else name.replace("conv", "bn")
    mean, variance, scale, shift = (
        published[f"{norm}.{part}"].float() for part in ("running_mean", "running_var", "weight", "bias")
    )
    weight, bias = fuse_conv_bn_weights(kernel, None, mean, variance, EPSILON, scale, shift)
    return weight.detach(), bias.detach()


def _turned(volumes: Tensor) -> Tensor:
    """Rows and columns of a block <-> the teacher's axes, to the right and to the front of the patient."""
    return volumes.flip(3, 4).transpose(3, 4)
