"""Copies of the shipped model repository: with a 3D expert that gives every block the same logit, and without one."""

import hashlib
import json
from pathlib import Path
from typing import Final

import torch

from export.expert import ExportedExpert
from export.expert_exchange import exchange_expert
from export.manifest import sha256
from export.model_config import ensemble_config, network_config, write_config
from export.targets import TARGETS
from gateway.settings.settings import ROOT
from screening.contract import EXPERT, EXPERT_ENSEMBLE
from screening.results.model_card import ModelCard
from training.networks import save_network
from training.networks.expert import Expert3d
from training.volume.expert_evaluation import rules_of

LOGIT: Final = 3.0
EVERYTHING: Final = (0.0, 1.0)


def with_expert(folder: Path, scratch: Path) -> Path:
    """Write the copy; the expert is asked about every probability."""
    without_expert(folder)
    network = Expert3d()
    with torch.no_grad():
        network.get_parameter("backbone.logit.weight").zero_()
        network.get_parameter("backbone.logit.bias").fill_(LOGIT)
    save_network(network, scratch / "expert.pt", 32)
    (scratch / "rules.json").write_text(
        json.dumps(rules_of(LOGIT, sha256(scratch / "expert.pt")) | {"grey_zone": EVERYTHING})
    )
    expert, target = ExportedExpert(scratch / "expert.pt", scratch / "rules.json"), TARGETS["cpu"]
    contract = ModelCard.load(folder / "model_card.json").contract
    expert.write_graph(contract.expert3d, folder / EXPERT / "1" / "model.onnx")
    write_config(network_config(contract.expert3d, target), folder / EXPERT / "config.pbtxt")
    (folder / EXPERT_ENSEMBLE).mkdir()
    write_config(ensemble_config(contract.expert, target), folder / EXPERT_ENSEMBLE / "config.pbtxt")
    _add_to_card(folder, expert.card_section(target, json.loads((folder / "model_card.json").read_text())))
    return folder


def without_expert(folder: Path) -> Path:
    """Write the copy without files and rules of the expert."""
    exchange_expert(ROOT / "model_repository", None, folder)
    return folder


def _add_to_card(folder: Path, section: dict[str, object]) -> None:
    card = json.loads((folder / "model_card.json").read_text())
    card["expert3d"] = section
    for name in (f"{EXPERT}/1/model.onnx", f"{EXPERT}/config.pbtxt", f"{EXPERT_ENSEMBLE}/config.pbtxt"):
        card["file_hashes"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "model_card.json").write_text(json.dumps(card))
