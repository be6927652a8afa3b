"""The three networks to export: from checkpoints if given, otherwise untrained with seeded weights."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn

from export.calibration_views import CalibrationViews
from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL
from training.networks import Autoencoder, Classifier, Findings, load_network

_STATISTICS_SLICES: Final = 16  # for the statistics of batch normalisation

Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True)
class Checkpoints:
    """Paths of trained weights; None for an untrained network."""

    classifier: Path | None = None
    autoencoder: Path | None = None
    findings: Path | None = None

    @property
    def complete(self) -> bool:
        return None not in (self.classifier, self.autoencoder, self.findings)


@dataclass(frozen=True)
class Networks:
    """The three modules in evaluation mode; `trained` if all of them are from checkpoints."""

    classifier: Classifier
    autoencoder: Autoencoder
    findings: Findings
    trained: bool

    def by_name(self) -> dict[str, nn.Module]:
        return {CLASSIFIER: self.classifier, AUTOENCODER: self.autoencoder, FINDINGS_MODEL: self.findings}


def load_networks(checkpoints: Checkpoints, views: CalibrationViews, seed: int) -> Networks:
    """Load the given checkpoints and create the other networks with seeded weights; raises InvalidCheckpoint."""
    size = views.image_size
    sample = torch.from_numpy(views.views[:_STATISTICS_SLICES])
    mask = torch.from_numpy(views.lung_masks[:_STATISTICS_SLICES])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        seeded = Networks(
            classifier=_untrained_classifier(sample),
            autoencoder=_with_batch_statistics(Autoencoder(), sample, mask),
            findings=_with_batch_statistics(Findings(), sample),
            trained=checkpoints.complete,
        )
    return replace(seeded, **_from_checkpoints(checkpoints, size))


def _from_checkpoints(checkpoints: Checkpoints, size: int) -> dict[str, Any]:
    paths = {
        "classifier": (Classifier, checkpoints.classifier),
        "autoencoder": (Autoencoder, checkpoints.autoencoder),
        "findings": (Findings, checkpoints.findings),
    }
    return {name: load_network(kind, path, size) for name, (kind, path) in paths.items() if path is not None}


def _untrained_classifier(sample: Tensor) -> Classifier:
    """A classifier whose logits on the sample have mean 0 and deviation 1, so that both verdicts occur."""
    classifier = _with_batch_statistics(Classifier(), sample)
    logits, _ = classifier(sample)
    weight, bias = classifier.head.parameters()
    weight.div_(logits.std())
    bias.sub_(logits.mean()).div_(logits.std())
    return classifier


def _with_batch_statistics(network: Module, *inputs: Tensor) -> Module:
    """The network with batch statistics of one pass over the sample; without them, signals vanish or explode."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    network.train()(*inputs)
    return network.eval()
