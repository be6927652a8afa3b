"""The three networks as torch modules, with the inputs and outputs of `screening.contract`.

Casting, normalising, resizing, softmax and the reduction of maps happen inside, so that they are equal in training
and in the exported graph.
"""

from training.networks.at_trained_size import AtTrainedSize, for_views_of
from training.networks.autoencoder import Autoencoder
from training.networks.checkpoints import (
    InvalidCheckpoint,
    kind_of,
    load_findings,
    load_network,
    pack,
    save_network,
    trained_size,
    with_findings,
)
from training.networks.classifier import Classifier
from training.networks.encoder import Encoder
from training.networks.findings import Findings
from training.networks.findings_head import ClassifierWithFindings, FindingsHead

__all__ = [
    "AtTrainedSize",
    "Autoencoder",
    "Classifier",
    "ClassifierWithFindings",
    "Encoder",
    "Findings",
    "FindingsHead",
    "InvalidCheckpoint",
    "for_views_of",
    "kind_of",
    "load_findings",
    "load_network",
    "pack",
    "save_network",
    "trained_size",
    "with_findings",
]
