"""The three networks as torch modules; each takes the bytes that serving sends and gives what serving reads.

Casting, normalising, taking view 0, softmax and the reduction of maps happen inside, so that the exported graph and
the trained module cannot disagree about them.
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
