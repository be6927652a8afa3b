"""A small stand-in for the weights of the teacher's trunk, as they are published: three axes, normalisation apart."""

import torch
from torch import Tensor

from training.networks.expert.teacher_trunk import TeacherTrunk, trunk_of

DEPTHS, WIDTH = (2, 1), 4


def drawn_weights() -> dict[str, Tensor]:
    """Random weights of a trunk of `DEPTHS` and `WIDTH`, in bfloat16, and one of a stage that it does not have."""
    torch.manual_seed(3)
    weights = _convolution("conv1", "bn1", (WIDTH, 3, 3, 7, 7))
    inputs = WIDTH
    for stage, depth in enumerate(DEPTHS):
        narrow, outputs = WIDTH * 2**stage, 4 * WIDTH * 2**stage
        for block in range(depth):
            name = f"layer{stage + 1}.{block}"
            weights |= _convolution(f"{name}.conv1", f"{name}.bn1", (narrow, inputs, 1, 1, 1))
            weights |= _convolution(f"{name}.conv2", f"{name}.bn2", (narrow, narrow, 3, 3, 3))
            weights |= _convolution(f"{name}.conv3", f"{name}.bn3", (outputs, narrow, 1, 1, 1))
            if block == 0:
                weights |= _convolution(f"{name}.downsample.0", f"{name}.downsample.1", (outputs, inputs, 1, 1, 1))
            inputs = outputs
    weights["layer3.0.conv1.weight"] = torch.ones(1)
    return {name: weight.bfloat16() for name, weight in weights.items()}


def drawn_trunk() -> TeacherTrunk:
    """The trunk with these weights."""
    return trunk_of(TeacherTrunk(DEPTHS, WIDTH), drawn_weights())


def _convolution(name: str, norm: str, shape: tuple[int, ...]) -> dict[str, Tensor]:
    filters, inputs = shape[0], shape[1] * shape[2] * shape[3] * shape[4]
    return {
        f"{name}.weight": torch.randn(shape) * inputs**-0.5,
        f"{norm}.weight": torch.rand(filters) + 0.5,
        f"{norm}.bias": torch.randn(filters) * 0.1,
        f"{norm}.running_mean": torch.randn(filters) * 0.1,
        f"{norm}.running_var": torch.rand(filters) + 0.5,
    }
