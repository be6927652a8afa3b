"""The three networks that are exported: from checkpoints where given, seeded and untrained where not."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn

from export.calibration_views import CalibrationViews
from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL
from training.networks import Autoencoder, Classifier, Findings, load_network

_SETTLING_SLICES: Final = 16

Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True)
class Checkpoints:
    """Paths of trained weights; None where there are none yet."""

    classifier: Path | None = None
    autoencoder: Path | None = None
    findings: Path | None = None

    @property
    def complete(self) -> bool:
        return None not in (self.classifier, self.autoencoder, self.findings)


@dataclass(frozen=True)
class Networks:
    """The three modules in evaluation mode; `trained` only if every one of them came from a checkpoint."""

    classifier: Classifier
    autoencoder: Autoencoder
    findings: Findings
    trained: bool

    def by_name(self) -> dict[str, nn.Module]:
        return {CLASSIFIER: self.classifier, AUTOENCODER: self.autoencoder, FINDINGS_MODEL: self.findings}


def load_networks(checkpoints: Checkpoints, views: CalibrationViews, seed: int) -> Networks:
    """Load what is given, strictly, and seed the rest."""
    size = views.image_size
    sample = torch.from_numpy(views.views[:_SETTLING_SLICES])
    mask = torch.from_numpy(views.lung_masks[:_SETTLING_SLICES])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        seeded = Networks(
            classifier=_untrained_classifier(sample),
            autoencoder=_settled(Autoencoder(), sample, mask),
            findings=_settled(Findings(), sample),
            trained=checkpoints.complete,
        )
    return replace(seeded, **_given(checkpoints, size))


def _given(checkpoints: Checkpoints, size: int) -> dict[str, Any]:
    paths = {
        "classifier": (Classifier, checkpoints.classifier),
        "autoencoder": (Autoencoder, checkpoints.autoencoder),
        "findings": (Findings, checkpoints.findings),
    }
    return {name: load_network(kind, path, size) for name, (kind, path) in paths.items() if path is not None}


def _untrained_classifier(sample: Tensor) -> Classifier:
    """Logits of the sample get mean 0 and deviation 1, so that an untrained network still decides both ways."""
    classifier = _settled(Classifier(), sample)
    logits, _ = classifier(sample)
    weight, bias = classifier.head.parameters()
    weight.div_(logits.std())
    bias.sub_(logits.mean()).div_(logits.std())
    return classifier


def _settled(network: Module, *inputs: Tensor) -> Module:
    """Batch normalisation takes its statistics from one pass over the sample; otherwise signals die or explode."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    network.train()(*inputs)
    return network.eval()
