"""MixStyle (Zhou et al. 2021): a slice gets, inside the network, the contrast and brightness of another one.

Means and deviations of the first stages' features tell the scanner and the data set more than the lungs; mixing them
between slices of a batch trains a classifier that does not lean on them.
"""

from typing import Final

import torch
from torch import Tensor, nn

SHARE: Final = 0.3  # of Beta(share, share): most draws keep or swap, few are in between
LEAST_VARIANCE: Final = 1e-5


def mixed(features: Tensor) -> Tensor:
    """Features [N, C, H, W] with the statistics of their slices partly exchanged."""
    mean = features.mean(dim=(2, 3), keepdim=True).detach()
    deviation = (features.var(dim=(2, 3), keepdim=True) + LEAST_VARIANCE).sqrt().detach()
    other = torch.randperm(len(features), device=features.device)
    keep = torch.distributions.Beta(SHARE, SHARE).sample((len(features), 1, 1, 1)).to(features)
    normal = (features - mean) / deviation
    return normal * torch.lerp(deviation[other], deviation, keep) + torch.lerp(mean[other], mean, keep)


class Mixing:
    """Mixes the outputs of these layers in half of the training steps, and never in evaluation."""

    def __init__(self, *layers: nn.Module) -> None:
        self.on = False
        for layer in layers:
            layer.register_forward_hook(self._hook)

    def draw(self) -> None:
        """Decide for the next step."""
        self.on = bool(torch.rand(()) < 0.5)

    def _hook(self, layer: nn.Module, _: tuple[Tensor, ...], features: Tensor) -> Tensor:
        return mixed(features) if self.on and layer.training else features
