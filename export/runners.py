"""Outputs for the same slices from torch, from ONNX Runtime and from a running Triton, for parity."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tritonclient import grpc

from export.calibration_views import CalibrationViews
from export.weights import Networks
from screening.contract import Contract, Signature

Outputs = Mapping[str, NDArray[np.float32]]

_BATCH_SLICES = 4


def run_torch(networks: Networks, contract: Contract, views: CalibrationViews) -> Outputs:
    """Outputs of the torch modules, the reference of every other form."""
    modules = networks.by_name()

    def run(signature: Signature, feed: Mapping[str, NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        outputs = modules[signature.model](*(torch.from_numpy(array) for array in feed.values()))
        return [tensor.numpy() for tensor in (outputs if isinstance(outputs, tuple) else (outputs,))]

    with torch.no_grad():
        return _collect(contract, views, run)


def run_onnx(files: Mapping[str, Path], contract: Contract, views: CalibrationViews) -> Outputs:
    """ONNX Runtime on the CPU; `files` holds one ONNX file for each model name."""
    sessions = {
        model: onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for model, path in files.items()
    }

    def run(signature: Signature, feed: Mapping[str, NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        names = [tensor.name for tensor in signature.outputs]
        outputs: list[NDArray[np.float32]] = sessions[signature.model].run(names, feed)
        return outputs

    return _collect(contract, views, run)


def run_triton(url: str, contract: Contract, views: CalibrationViews) -> Outputs:
    """Outputs of the ensemble of a Triton with the gRPC address `url`, as in `127.0.0.1:8001`."""
    ensemble = contract.ensemble
    with grpc.InferenceServerClient(url) as client:
        limit = client.get_model_config(ensemble.model).config.max_batch_size
        batches = [_infer(client, ensemble, batch) for batch in views.batches(limit)]
    return {tensor.name: np.concatenate([batch[tensor.name] for batch in batches]) for tensor in ensemble.outputs}


def _collect(
    contract: Contract,
    views: CalibrationViews,
    run: Callable[[Signature, Mapping[str, NDArray[np.uint8]]], list[NDArray[np.float32]]],
) -> Outputs:
    outputs: dict[str, NDArray[np.float32]] = {}
    for signature in contract.steps:
        inputs = [tensor.name for tensor in signature.inputs]
        parts = [run(signature, {name: batch[name] for name in inputs}) for batch in views.batches(_BATCH_SLICES)]
        for tensor, arrays in zip(signature.outputs, zip(*parts, strict=True), strict=True):
            outputs[tensor.name] = np.concatenate(arrays)
    return outputs


def _infer(client: Any, ensemble: Signature, batch: Mapping[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.float32]]:
    inputs = []
    for tensor in ensemble.inputs:
        array = batch[tensor.name]
        infer_input = grpc.InferInput(tensor.name, array.shape, tensor.dtype)
        infer_input.set_data_from_numpy(array)
        inputs.append(infer_input)
    result = client.infer(ensemble.model, inputs)
    return {tensor.name: result.as_numpy(tensor.name) for tensor in ensemble.outputs}
