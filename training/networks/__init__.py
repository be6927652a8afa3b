"""The three networks as torch modules, with the inputs and outputs of `screening.contract`.

Casting, normalising, taking view 0, softmax and the reduction of maps happen inside, so that they are equal in training
and in the exported graph.
"""

from training.networks.autoencoder import Autoencoder
from training.networks.checkpoints import InvalidCheckpoint, load_network, pack, save_network
from training.networks.classifier import Classifier
from training.networks.encoder import Encoder
from training.networks.findings import Findings

__all__ = [
    "Autoencoder",
    "Classifier",
    "Encoder",
    "Findings",
    "InvalidCheckpoint",
    "load_network",
    "pack",
    "save_network",
]
