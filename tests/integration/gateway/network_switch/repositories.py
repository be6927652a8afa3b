"""Copies of the shipped model repository with other weights, threshold, calibration and number of slices."""

import hashlib
import json
import shutil
from pathlib import Path

import onnx
from onnx import numpy_helper

from gateway.settings.settings import ROOT

SHIPPED = ROOT / "model_repository"
AUTOENCODER = "autoencoder/1/model.onnx"  # of a phantom the reconstruction error decides
BIAS = "change.0.bias"


def other_networks(folder: Path, version: str, shift: float, threshold: float, b: float, slices: int) -> Path:
    """A copy whose autoencoder makes every slice brighter by `shift`, with a model card that matches.

    `b` is the calibration's; its slope is 1, so that another score is another probability.
    """
    shutil.copytree(SHIPPED, folder)
    _brighten(folder / AUTOENCODER, shift)
    card = json.loads((folder / "model_card.json").read_text())
    points = {name: {"threshold": threshold} for name in card["operating_points"]}
    card |= {
        "version": version,
        "test_time_slices": slices,
        "error_rule": {"clip": 1000.0, "min_lung_share": 0.0},
        "calibration": {"a": 1.0, "b": b},
    }
    card |= {"operating_points": points}
    card["file_hashes"][AUTOENCODER] = hashlib.sha256((folder / AUTOENCODER).read_bytes()).hexdigest()
    (folder / "model_card.json").write_text(json.dumps(card))
    return folder


def _brighten(path: Path, shift: float) -> None:
    model = onnx.load(path)
    (bias,) = (tensor for tensor in model.graph.initializer if tensor.name.endswith(BIAS))
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + shift, bias.name))
    onnx.save(model, path)
