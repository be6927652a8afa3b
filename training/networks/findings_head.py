"""The findings as a head of the classifier: the probability of each of the 16 in a view.

The encoder is the classifier's and is not trained by it (docs/adr/0025). Its features of stages 2 to 4 are reduced to
statistics over the cells of the lungs, and a linear layer gives the 16 logits: the mean and the deviation tell diffuse
disease, the highest cells tell focal lesions, and the mean over the whole view what lies beside the lungs.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from screening.contract import FINDINGS
from training.networks.classifier import Classifier, Stages
from training.networks.dense_head import NOT_COUNTED, STAGE_CHANNELS, counted_cells
from training.networks.scaling import signed

HIGHEST_CELLS: Final = (6, 4, 2)  # of stages 2 to 4, whose cells are 8, 16 and 32 px wide
STATISTICS: Final = 4 * sum(STAGE_CHANNELS)
FARTHEST: Final = 6.0  # standard deviations; beyond them a statistic says no more


class FindingsHead(nn.Module):
    """Features of the classifier -> logits of the 16 findings; `encoder` is the fingerprint of its encoder."""

    def __init__(self, encoder: str = "") -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("centre", torch.zeros(STATISTICS))
        self.register_buffer("deviation", torch.ones(STATISTICS))
        self.linear = nn.Linear(STATISTICS, len(FINDINGS))

    @property
    def settings(self) -> dict[str, Any]:
        return {"encoder": self.encoder}

    def forward(self, stages: Stages, lung_mask: Tensor) -> Tensor:
        """Features and mask [N, 1, H, W] -> logits [N, 16]; `NOT_COUNTED` where no cell counts."""
        counts = counted_cells(lung_mask).flatten(1).any(dim=1, keepdim=True)
        return torch.where(counts, self.logits(statistics(stages, lung_mask)), NOT_COUNTED)

    def logits(self, values: Tensor) -> Tensor:
        """Statistics of views [N, D] -> logits [N, 16]."""
        logits: Tensor = self.linear(self.standardised(values))
        return logits

    def standardised(self, values: Tensor) -> Tensor:
        """Statistics [N, D] in standard deviations of the training views from their mean."""
        return ((values - self.get_buffer("centre")) / self.get_buffer("deviation")).clamp(-FARTHEST, FARTHEST)


class ClassifierWithFindings(nn.Module):
    """The classifier as it is served with its findings: one pass of the encoder gives both."""

    def __init__(self, classifier: Classifier, findings: FindingsHead) -> None:
        super().__init__()
        self.classifier, self.findings = classifier, findings

    def forward(self, view: Tensor, lung_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Bytes and mask [B, 1, H, W] -> logit [B, 1], activation [B, H/8, W/8], probabilities of findings [B, 16]."""
        stages = self.classifier.encoder.maps(signed(view))
        logit, activation = self.classifier.pathology(stages, lung_mask)
        return logit, activation, torch.sigmoid(self.findings(stages, lung_mask))


def statistics(stages: Stages, lung_mask: Tensor) -> Tensor:
    """Features of stages 2 to 4 and mask [N, 1, H, W] -> `STATISTICS` numbers for each view."""
    counted = counted_cells(lung_mask).unsqueeze(1).float()
    return torch.cat(
        [part for number in range(len(stages)) for part in _of_stage(stages[number], counted, number)], dim=1
    )


def _of_stage(features: Tensor, counted: Tensor, number: int) -> Iterator[Tensor]:
    """Mean, highest cells and deviation over the cells that count, and mean over all cells; [N, C] each."""
    where = functional.max_pool2d(counted, 2**number) if number else counted
    cells = where.sum(dim=(2, 3)).clamp(min=1.0)
    mean = (features * where).sum(dim=(2, 3)) / cells
    yield mean
    # The features follow a ReLU: a cell that does not count is as one without a response.
    yield (features * where).flatten(2).topk(HIGHEST_CELLS[number], dim=2).values.mean(dim=2)
    yield ((features - mean[:, :, None, None]).square() * where).sum(dim=(2, 3)).div(cells).sqrt()
    yield features.mean(dim=(2, 3))


def encoder_fingerprint(classifier: Classifier) -> str:
    """A hash of the encoder's weights in half precision, so that a packed checkpoint has the same."""
    digest = hashlib.sha256()
    for name, weight in sorted(classifier.encoder.state_dict().items()):
        if weight.is_floating_point():
            digest.update(name.encode() + weight.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
