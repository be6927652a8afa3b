"""The export manifest beside the model card: inputs, tools, arithmetic and parity of an export."""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from export.calibration_views import CalibrationViews
from export.onnx_graph import OPSET
from export.weights import Checkpoints
from screening.contract import Contract, Ensemble, Signature

TOOLS: Final = (
    "torch",
    "torchvision",
    "ultralytics-opencv-headless",
    "onnx",
    "onnxscript",
    "onnxruntime",
    "tritonclient",
)


def multiply_adds(network: nn.Module, signature: Signature) -> int:
    """Multiply-add operations of one view, counted by torch."""
    example = [torch.zeros((1, *tensor.shape), dtype=torch.uint8) for tensor in signature.inputs]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*example)
    return int(counter.get_total_flops()) // 2


def provenance_of(contract: Contract, checkpoints: Checkpoints, views: CalibrationViews, seed: int) -> dict[str, Any]:
    """Inputs, tools and machine, without times, so that two exports give equal bytes."""
    return {
        "contract": contract_shapes(contract),
        "checkpoints": {
            name: sha256(path) if path else None
            for name, path in (
                ("classifier", checkpoints.classifier),
                ("autoencoder", checkpoints.autoencoder),
                ("findings", checkpoints.findings),
            )
        },
        "seed": seed,
        "calibration": {
            "sha256": views.sha256,
            "slices": len(views),
            "studies": len(set(views.studies.tolist())),
        },
        "opset": OPSET,
        "versions": {"python": platform.python_version(), **{tool: version(tool) for tool in TOOLS}},
        "machine": {"architecture": platform.machine(), "instructions": torch.backends.cpu.get_cpu_capability()},
    }


def contract_shapes(contract: Contract) -> dict[str, Any]:
    """The tensors of every model."""
    networks = {network.model: _shapes(network) for network in contract.networks}
    return networks | {ensemble.model: _shapes(ensemble) for ensemble in contract.ensembles}


def sha256(path: Path) -> str:
    """SHA-256 of the file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_hashes(repository: Path) -> dict[str, str]:
    """SHA-256 of every file that Triton reads, by its path in the repository."""
    files = sorted(path for path in repository.rglob("[!.]*") if path.is_file())
    return {path.relative_to(repository).as_posix(): sha256(path) for path in files}


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write JSON with indentation."""
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def add_to_manifest(path: Path, key: str, figures: Mapping[str, Any]) -> None:
    """Add figures to a written manifest; no hash in the model card covers the manifest."""
    write_json(json.loads(path.read_text("utf-8")) | {key: figures}, path)


def _shapes(signature: Signature | Ensemble) -> dict[str, list[str]]:
    return {
        "inputs": [f"{tensor.name} {tensor.dtype} {list(tensor.shape)}" for tensor in signature.inputs],
        "outputs": [f"{tensor.name} {tensor.dtype} {list(tensor.shape)}" for tensor in signature.outputs],
    }
