"""A running mean of weights: steadier than the last step, for nothing at serving (Polyak and Juditsky 1992)."""

from copy import deepcopy
from typing import Final, TypeVar

import torch
from torch import nn

LONGEST: Final = 100.0  # steps that the mean looks back at most

Network = TypeVar("Network", bound=nn.Module)


def averaged(network: Network) -> Network:
    """The network that will hold the mean, in evaluation mode."""
    return deepcopy(network).eval().requires_grad_(False)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int) -> None:
    """Move the mean towards the network's weights; early steps are forgotten sooner."""
    decay = min(1.0 - 1.0 / LONGEST, (step + 1) / (step + 20))
    for mean, weight in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(weight, 1.0 - decay)
        else:
            mean.copy_(weight)
