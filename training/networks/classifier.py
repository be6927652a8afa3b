"""The classifier of normal and pathology: one logit for each view, and the class-activation map of view 0."""

from typing import Any

from torch import Tensor, nn

from training.networks.encoder import CHANNELS, Depth, Encoder
from training.networks.scaling import signed


class Classifier(nn.Module):
    """Encoder and a linear head that is applied to every cell of the last feature map.

    The logit of a view is the mean over its cells, which equals global pooling followed by a linear layer. The cells
    of view 0 are its class-activation map (Zhou et al. 2016): their mean is the logit of view 0.
    """

    def __init__(self, depth: Depth = 18, encoder: Encoder | None = None) -> None:
        super().__init__()
        self.encoder = encoder if encoder is not None else Encoder(depth)
        self.head = nn.Conv2d(CHANNELS, 1, kernel_size=1)

    @property
    def settings(self) -> dict[str, Any]:
        return {"depth": self.encoder.depth}

    def forward(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Bytes [B, V, 1, H, W] -> logits [B, V] and activation of view 0 [B, H/32, W/32]."""
        cells = self.cells(signed(views.flatten(0, 1)))
        by_slice = cells.reshape(-1, views.shape[1], *cells.shape[1:])
        return by_slice.mean(dim=(2, 3)), by_slice[:, 0]

    def cells(self, views: Tensor) -> Tensor:
        """Signed views [N, 1, H, W] -> the logit of each cell [N, H/32, W/32]."""
        cells: Tensor = self.head(self.encoder(views))
        return cells.squeeze(1)
