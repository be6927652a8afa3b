"""The three networks to export: from checkpoints if given, otherwise untrained with seeded weights."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn

from export.calibration_views import CalibrationViews
from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL
from training.networks import AtTrainedSize, Autoencoder, Classifier, Findings, load_network, trained_size

_STATISTICS_SLICES: Final = 16  # for the statistics of batch normalisation

Module = TypeVar("Module", bound=nn.Module)


@dataclass(frozen=True)
class Checkpoints:
    """Paths of trained weights; None for an untrained network."""

    classifier: Path | None = None
    autoencoder: Path | None = None
    findings: Path | None = None

    def autoencoder_size(self, image_size: int) -> int:
        """The view size (px) that the autoencoder works at inside, for served views of `image_size` px."""
        size = trained_size(self.autoencoder) if self.autoencoder is not None else None
        return size or image_size

    @property
    def complete(self) -> bool:
        return None not in (self.classifier, self.autoencoder, self.findings)


@dataclass(frozen=True)
class Networks:
    """The three modules in evaluation mode, for views of one size; `trained` if all of them are from checkpoints."""

    classifier: nn.Module
    autoencoder: nn.Module
    findings: nn.Module
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
            classifier=_untrained_classifier(sample, mask),
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
    return {name: _for_views_of(size, kind, path) for name, (kind, path) in paths.items() if path is not None}


def _for_views_of(size: int, kind: type[Any], path: Path) -> nn.Module:
    """The classifier must be trained at the size that is served, since lesions are small; the others may resize."""
    trained = trained_size(path)
    if kind is Classifier or trained is None or trained == size:
        network: nn.Module = load_network(kind, path, size)
        return network
    return AtTrainedSize(load_network(kind, path), size, trained).eval()


def _untrained_classifier(sample: Tensor, mask: Tensor) -> Classifier:
    """A classifier whose logits on the sample have mean 0 and deviation 1, so that both verdicts occur."""
    classifier = _with_batch_statistics(Classifier(), sample, mask)
    logits, _ = classifier(sample, mask)
    weight, bias = classifier.head.logit.parameters()
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
