"""A network of smaller views than are served: it resizes its inputs inside, so that all networks take the same view."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class AtTrainedSize(nn.Module):
    """`network` trained at `trained` px, for views and masks of `size` px.

    Areas are averaged, as OpenCV's INTER_AREA does, by two matrix products: ONNX has no operator for it when the factor
    is not a whole number.
    """

    def __init__(self, network: nn.Module, size: int, trained: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("weights", torch.from_numpy(area_weights(size, trained)), persistent=False)

    def forward(self, view: Tensor, lung_mask: Tensor | None = None) -> Tensor | tuple[Tensor, ...]:
        """Bytes [B, 1, size, size] -> the outputs of the network; the mask is for networks that take one."""
        given = (view,) if lung_mask is None else (view, lung_mask)
        outputs: Tensor | tuple[Tensor, ...] = self.network(*map(self._resized, given))
        return outputs

    def _resized(self, images: Tensor) -> Tensor:
        weights = self.get_buffer("weights")
        return weights @ images.float() @ weights.T


def for_views_of(size: int, network: nn.Module, trained: int | None) -> nn.Module:
    """The network for views of `size` px; `trained` is the size of its training, None where that is not known."""
    return network if trained in (None, size) else AtTrainedSize(network, size, trained).eval()


def area_weights(size: int, resized: int) -> NDArray[np.float32]:
    """[resized, size]: the fraction of each output pixel that each input pixel covers; rows add up to 1."""
    edges = np.arange(resized + 1) * size / resized
    pixels = np.arange(size)
    covered = np.minimum(edges[1:, np.newaxis], pixels + 1) - np.maximum(edges[:-1, np.newaxis], pixels)
    return np.asarray(np.clip(covered, 0, None) * resized / size, np.float32)
