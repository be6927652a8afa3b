"""The three networks to export: from checkpoints if given, otherwise untrained with seeded weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import torch
from torch import Tensor, nn

from export.calibration_views import CalibrationViews
from screening.contract import AUTOENCODER, CLASSIFIER, FINDINGS_MODEL, FindingsKind
from training.networks import (
    Autoencoder,
    Classifier,
    FindingsHead,
    for_views_of,
    kind_of,
    load_findings,
    load_network,
    trained_size,
    with_findings,
)
from training.networks.findings_head import encoder_fingerprint

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
    def findings_kind(self) -> FindingsKind:
        """What the outputs of the findings are; untrained ones are a head of the classifier, as the shipped ones."""
        return kind_of(load_findings(self.findings)) if self.findings is not None else FindingsKind.MULTI_LABEL

    @property
    def complete(self) -> bool:
        return None not in (self.classifier, self.autoencoder, self.findings)


@dataclass(frozen=True)
class Networks:
    """The three modules in evaluation mode, for views of one size; `trained` if all of them are from checkpoints."""

    classifier: Classifier
    autoencoder: nn.Module
    findings: nn.Module
    trained: bool

    def by_name(self) -> dict[str, nn.Module]:
        """The models that Triton serves; raises InvalidCheckpoint for findings of another classifier's encoder."""
        if isinstance(self.findings, FindingsHead):
            return {CLASSIFIER: with_findings(self.classifier, self.findings).eval(), AUTOENCODER: self.autoencoder}
        return {CLASSIFIER: self.classifier, AUTOENCODER: self.autoencoder, FINDINGS_MODEL: self.findings}


def load_networks(checkpoints: Checkpoints, views: CalibrationViews, seed: int) -> Networks:
    """Load the given checkpoints and create the other networks with seeded weights; raises InvalidCheckpoint."""
    size = views.image_size
    sample = torch.from_numpy(views.views[:_STATISTICS_SLICES])
    mask = torch.from_numpy(views.lung_masks[:_STATISTICS_SLICES])
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        classifier = _untrained_classifier(sample, mask)
        if checkpoints.classifier is not None:  # trained at the size that is served, since lesions are small
            classifier = load_network(Classifier, checkpoints.classifier, size)
        return Networks(
            classifier=classifier,
            autoencoder=_for_views_of(size, load_network(Autoencoder, checkpoints.autoencoder), checkpoints.autoencoder)
            if checkpoints.autoencoder is not None
            else _with_batch_statistics(Autoencoder(), sample, mask),
            findings=_for_views_of(size, load_findings(checkpoints.findings), checkpoints.findings)
            if checkpoints.findings is not None
            else FindingsHead(encoder=encoder_fingerprint(classifier)).eval(),
            trained=checkpoints.complete,
        )


def _for_views_of(size: int, network: nn.Module, path: Path) -> nn.Module:
    """A network with views of its own may have been trained at another size; a head shares the classifier's."""
    return network if isinstance(network, FindingsHead) else for_views_of(size, network, trained_size(path))


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
