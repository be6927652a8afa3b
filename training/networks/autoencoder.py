"""The autoencoder: its reconstruction error is the change that makes the lungs of a slice normal."""

from itertools import pairwise
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.scaling import signed

CELL: Final = 8  # view pixels along one side of a cell of the error map
_WIDTHS: Final = (16, 32, 64, 128)


class Autoencoder(nn.Module):
    """Small U-shaped autoencoder (Ronneberger et al. 2015) that works at half the view's resolution.

    It predicts the change of a view, so that vessels and noise, which it need not change, are no error. The latent has
    `latent` channels for each 32 x 32 px of the view.
    """

    def __init__(self, latent: int = 32) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = nn.ModuleList(_halve(before, after) for before, after in pairwise((1, *_WIDTHS)))
        widths = tuple(reversed(_WIDTHS))
        self.bottom = nn.Sequential(
            nn.Conv2d(widths[0], latent, kernel_size=1),
            _step(nn.Conv2d(latent, widths[0], kernel_size=1, bias=False), widths[0]),
        )
        self.decoder = nn.ModuleList(_double(before, after) for before, after in pairwise(widths))
        self.change = nn.Sequential(nn.Conv2d(widths[-1], 4, kernel_size=3, padding=1), nn.PixelShuffle(2))

    @property
    def settings(self) -> dict[str, Any]:
        return {"latent": self.latent}

    def forward(self, views: Tensor, lung_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Bytes [B, V, 1, H, W] and mask [B, 1, H, W] -> error in the lungs [B, 1] and its map [B, H/8, W/8].

        Errors are squared differences of signed grey values. A cell of the map is the mean over its lung pixels, 0 if
        it has none. With an empty mask the error is that of the whole view: missing lungs must not give an error of 0.
        """
        target = self.target(views[:, 0])
        weights = _weights(lung_mask)
        weighted = weights * (self.reconstruct(target) - target).square()
        error = weighted.sum(dim=(2, 3)) / weights.sum(dim=(2, 3))
        return error, _cells(weighted, weights)

    def target(self, view: Tensor) -> Tensor:
        """Bytes [B, 1, H, W] -> input and target of the reconstruction: signed, half resolution [B, 1, H/2, W/2]."""
        return functional.avg_pool2d(signed(view), 2)

    def reconstruct(self, target: Tensor) -> Tensor:
        """Signed [B, 1, H/2, W/2] -> its reconstruction, of the same shape."""
        features, kept = target, []
        for stage in self.encoder:
            features = stage(features)
            kept.append(features)
        features = self.bottom(kept.pop())
        for stage in self.decoder:
            features = stage(features) + kept.pop()
        reconstruction: Tensor = target + self.change(features)
        return reconstruction


def _weights(lung_mask: Tensor) -> Tensor:
    """Fraction of lung in each pixel at half resolution; all ones for a slice without lung."""
    weights = functional.avg_pool2d(lung_mask.float(), 2)
    empty = weights.sum(dim=(2, 3), keepdim=True) == 0.0
    return torch.where(empty, torch.ones_like(weights), weights)


def _cells(weighted: Tensor, weights: Tensor) -> Tensor:
    side = CELL // 2
    least = 1.0 / (2 * CELL) ** 2  # less than the fraction of one mask pixel in a cell, 1 / 64
    lung = functional.avg_pool2d(weights, side)
    return (functional.avg_pool2d(weighted, side) / lung.clamp(min=least)).squeeze(1)


def _halve(before: int, after: int) -> nn.Module:
    return _step(nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1, bias=False), after)


def _double(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        _step(nn.Conv2d(before, 4 * after, kernel_size=3, padding=1, bias=False), 4 * after), nn.PixelShuffle(2)
    )


def _step(convolution: nn.Module, channels: int) -> nn.Module:
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
