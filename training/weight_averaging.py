"""Running mean of the weights: less noisy than the last step, at no cost in serving (Polyak and Juditsky 1992)."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Final, TypeVar

import torch
from torch import nn

MAX_WINDOW_STEPS: Final = 100.0  # time constant of the mean

Network = TypeVar("Network", bound=nn.Module)


def averaged_copy(network: Network) -> Network:
    """A copy of the network for the mean of its weights, in evaluation mode."""
    return deepcopy(network).eval().requires_grad_(False)


def mean_of(networks: Sequence[Network]) -> Network:
    """A network of the mean weights of several, which began with the same ones (Wortsman et al. 2022)."""
    mean = averaged_copy(networks[0])
    states = [one.state_dict() for one in networks]
    for name, weight in mean.state_dict().items():
        if weight.dtype.is_floating_point:
            weight.copy_(torch.stack([one[name].double() for one in states]).mean(dim=0))
    return mean


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, step: int) -> None:
    """Move the mean towards the network's weights; in early steps with a shorter time constant."""
    decay = min(1.0 - 1.0 / MAX_WINDOW_STEPS, (step + 1) / (step + 20))
    for mean, weight in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(weight, 1.0 - decay)
        else:
            mean.copy_(weight)
