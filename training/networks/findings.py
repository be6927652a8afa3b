"""The network of the 16 findings: YOLO11n-cls, built by Ultralytics."""

import logging
from collections.abc import Mapping
from typing import Any, Final

from torch import Tensor, nn
from ultralytics.nn.tasks import ClassificationModel

from screening.contract import FINDINGS
from training.networks.scaling import unsigned

ARCHITECTURE: Final = "yolo11n-cls.yaml"

logging.getLogger("ultralytics").setLevel(logging.WARNING)  # it logs a summary of each network


class Findings(nn.Module):
    """Ultralytics' classification network with the 16 classes of the contract, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.network = ClassificationModel(ARCHITECTURE, nc=len(FINDINGS), verbose=False)
        self.network.names = dict(enumerate(FINDINGS))

    @property
    def settings(self) -> dict[str, Any]:
        return {}

    def forward(self, views: Tensor) -> Tensor:
        """Bytes [B, V, 1, H, W] -> scores [B, 16] of view 0 that add up to 1."""
        return self.logits(views[:, 0]).softmax(dim=1)

    def logits(self, view: Tensor) -> Tensor:
        """Bytes [B, 1, H, W] -> logits [B, 16], for training."""
        features = unsigned(view).expand(-1, 3, -1, -1)
        *backbone, head = self.network.model
        for layer in backbone:
            features = layer(features)
        logits: Tensor = head.linear(head.drop(head.pool(head.conv(features)).flatten(1)))
        return logits


def ordered_names(names: Mapping[int, str]) -> tuple[str, ...]:
    """Class names of an Ultralytics checkpoint by index."""
    return tuple(names[index] for index in sorted(names))
