"""MixStyle (Zhou et al. 2021): inside the network, a slice gets the contrast and brightness of another one.

Mean and standard deviation of the first stages' features depend on scanner and data set more than on the lungs; mixing
them between slices of a batch trains a classifier that does not rely on them.
"""

from typing import Final

import torch
from torch import Tensor, nn

BETA: Final = 0.3  # both parameters of the Beta distribution: most draws keep or swap, few are in between
EPSILON: Final = 1e-5


def mix_style(features: Tensor) -> Tensor:
    """Features [N, C, H, W] with the mean and deviation of their slices partly exchanged."""
    mean = features.mean(dim=(2, 3), keepdim=True).detach()
    deviation = (features.var(dim=(2, 3), keepdim=True) + EPSILON).sqrt().detach()
    other = torch.randperm(len(features), device=features.device)
    keep = torch.distributions.Beta(BETA, BETA).sample((len(features), 1, 1, 1)).to(features)
    normal = (features - mean) / deviation
    return normal * torch.lerp(deviation[other], deviation, keep) + torch.lerp(mean[other], mean, keep)


class MixStyle:
    """Applies `mix_style` to the outputs of these layers in half of the training steps, never in evaluation."""

    def __init__(self, *layers: nn.Module) -> None:
        self.active = False
        for layer in layers:
            layer.register_forward_hook(self._hook)

    def draw(self) -> None:
        """Decide at random whether the next step is mixed."""
        self.active = bool(torch.rand(()) < 0.5)

    def _hook(self, layer: nn.Module, _: tuple[Tensor, ...], features: Tensor) -> Tensor:
        return mix_style(features) if self.active and layer.training else features
