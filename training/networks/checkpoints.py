"""Checkpoints: weights with the settings that build their network; loading is strict.

A published network inside one of ours, as the teacher's trunk, is not written: loading takes it from its package.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import torch_safe_load

from screening.contract import FINDINGS, FindingsKind
from training.networks.autoencoder import Autoencoder
from training.networks.classifier import Classifier
from training.networks.expert import Expert3d, teacher_trunk
from training.networks.findings import Findings, ordered_names
from training.networks.findings_head import ClassifierWithFindings, FindingsHead, encoder_fingerprint
from training.networks.teacher import TeacherMissing

Network = TypeVar("Network", Classifier, Autoencoder, Findings, FindingsHead, Expert3d)

FORMAT: Final = "turnstile-network-1"
PUBLISHED: Final = "backbone.trunk."  # the weights of Expert3d that are the teacher's

# Exceptions of torch's unpickler for bytes that are not a checkpoint, or a truncated one.
_BROKEN: Final = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


class InvalidCheckpoint(Exception):
    """The file is not a checkpoint of this network, or has missing or unknown weights."""


def save_network(
    network: Classifier | Autoencoder | Findings | FindingsHead | Expert3d, path: Path, image_size: int
) -> None:
    """Write the weights, and the view size (px) that they were trained at."""
    checkpoint = {
        "format": FORMAT,
        "network": type(network).__name__,
        "settings": network.settings,
        "image_size": image_size,
        "weights": _own(network.state_dict()),
    }
    torch.save(checkpoint, path)


def load_network(kind: type[Network], path: Path, image_size: int | None = None) -> Network:
    """Build the network of this kind with the weights of `path`, in evaluation mode, on the CPU.

    Raises InvalidCheckpoint for missing or unknown weights, for weights trained at another size than `image_size`, and
    where the package with a published part of them is not installed. For `Findings` a checkpoint of Ultralytics is
    accepted if its class names are the contract's; it has no view size. Only tensors and Ultralytics' own classes are
    unpickled.
    """
    checkpoint = _read(path)
    if kind is Findings and "format" not in checkpoint:
        network, weights = kind(), _ultralytics_weights(checkpoint, path)
    else:
        _check(checkpoint, kind, path, image_size)
        network = kind(**checkpoint["settings"])
        weights = {**_published_of(network, path), **checkpoint["weights"]}
    try:
        network.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise InvalidCheckpoint(f"{path.name} does not fit {kind.__name__}: {error}") from error
    return network.eval()


def _own(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that are not a published network's."""
    return {name: weight for name, weight in weights.items() if not name.startswith(PUBLISHED)}


def _published_of(network: nn.Module, path: Path) -> dict[str, Tensor]:
    """The weights of this network that are in no checkpoint."""
    if not any(name.startswith(PUBLISHED) for name in network.state_dict()):
        return {}
    try:
        return {PUBLISHED + name: weight for name, weight in teacher_trunk.load_trunk().state_dict().items()}
    except TeacherMissing as error:
        raise InvalidCheckpoint(f"{path.name} holds a head alone: {error}") from error


def load_findings(path: Path) -> Findings | FindingsHead:
    """The findings' network of either kind, as `load_network`: a head of the classifier, or a network of its own."""
    if _read(path).get("network") == FindingsHead.__name__:
        return load_network(FindingsHead, path)
    return load_network(Findings, path)


def kind_of(findings: Findings | FindingsHead) -> FindingsKind:
    """What the outputs of this network are."""
    return FindingsKind.MULTI_LABEL if isinstance(findings, FindingsHead) else FindingsKind.SOFTMAX


def with_findings(classifier: Classifier, findings: FindingsHead) -> ClassifierWithFindings:
    """Both as one network; raises InvalidCheckpoint when the head was trained on another encoder."""
    if findings.encoder != encoder_fingerprint(classifier):
        raise InvalidCheckpoint(
            "the findings were trained on another classifier's encoder: run `turnstile train findings --classifier` "
            "with this one"
        )
    return ClassifierWithFindings(classifier, findings)


def trained_size(path: Path) -> int | None:
    """The view size (px) that the weights of `path` were trained at; None for a checkpoint of Ultralytics."""
    size = _read(path).get("image_size")
    return None if size is None else int(size)


def pack(kind: type[Network], path: Path, packed: Path) -> None:
    """Write a copy of the checkpoint in half precision; it loads as any other.

    Raises InvalidCheckpoint unless `path` is a checkpoint of this kind of network; findings may be of either kind.
    """
    if kind is Findings:
        load_findings(path)
    else:
        load_network(kind, path)
    checkpoint = dict(_read(path))
    weights = _own(checkpoint["weights"]).items()
    checkpoint["weights"] = {name: weight.half() if weight.is_floating_point() else weight for name, weight in weights}
    packed.parent.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, packed)


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise InvalidCheckpoint(f"{path.name} does not exist")
    try:
        checkpoint, _ = torch_safe_load(path, safe_only=True)
    except _BROKEN as error:
        raise InvalidCheckpoint(f"{path.name} is not a readable checkpoint: {error}") from error
    if not isinstance(checkpoint, Mapping):
        raise InvalidCheckpoint(f"{path.name} holds no checkpoint")
    return checkpoint


def _check(checkpoint: Mapping[str, Any], kind: type[nn.Module], path: Path, image_size: int | None) -> None:
    if checkpoint.get("format") != FORMAT:
        raise InvalidCheckpoint(f"{path.name} is not of the format {FORMAT}")
    if checkpoint["network"] != kind.__name__:
        raise InvalidCheckpoint(f"{path.name} holds {checkpoint['network']}, not {kind.__name__}")
    if image_size not in (None, checkpoint["image_size"]):
        raise InvalidCheckpoint(f"{path.name} was trained at {checkpoint['image_size']} px, not {image_size} px")


def _ultralytics_weights(checkpoint: Mapping[str, Any], path: Path) -> dict[str, Any]:
    model = checkpoint.get("ema") or checkpoint.get("model")
    if not isinstance(model, nn.Module):
        raise InvalidCheckpoint(f"{path.name} is not a checkpoint of Ultralytics")
    names = ordered_names(getattr(model, "names", {}))
    if names != FINDINGS:
        raise InvalidCheckpoint(f"{path.name} has other classes than the 16 findings, or another order: {names}")
    return {f"network.{key}": weight.float() for key, weight in model.state_dict().items()}
