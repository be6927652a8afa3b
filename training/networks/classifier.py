"""The classifier of normal and pathology: the logit of a view, and the logit of each of its cells as activation map."""

from typing import Any

import torch
from torch import Tensor, nn

from training.networks.dense_head import NOT_COUNTED, DenseHead, counted_cells, pooled
from training.networks.encoder import Depth, Encoder
from training.networks.scaling import signed

Stages = tuple[Tensor, Tensor, Tensor]  # features [N, C, H/8, W/8], [N, 2C, H/16, W/16], [N, 4C, H/32, W/32]


class Classifier(nn.Module):
    """Encoder and dense head; it learns from the places of lesions, not from the labels of views alone."""

    def __init__(self, depth: Depth = 18, encoder: Encoder | None = None) -> None:
        super().__init__()
        self.encoder = encoder if encoder is not None else Encoder(depth)
        self.head = DenseHead()

    @property
    def settings(self) -> dict[str, Any]:
        return {"depth": self.encoder.depth}

    def forward(self, view: Tensor, lung_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Bytes [B, 1, H, W] and mask [B, 1, H, W] -> logit [B, 1] and activation [B, H/8, W/8].

        The activation of a cell is its logit, and `NOT_COUNTED` outside the mask; so is the logit of an empty mask.
        """
        return self.pathology(self.encoder.maps(signed(view)), lung_mask)

    def pathology(self, stages: Stages, lung_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Features of a view and its mask -> logit and activation, as `forward`."""
        counted, cells = counted_cells(lung_mask), self.head(stages)
        activation = torch.where(counted, cells, torch.full_like(cells, NOT_COUNTED))
        return pooled(cells, counted).unsqueeze(1), activation

    def cells(self, views: Tensor) -> Tensor:
        """Signed views [N, 1, H, W] -> the logit of each cell [N, H/8, W/8]."""
        cells: Tensor = self.head(self.encoder.maps(views))
        return cells
