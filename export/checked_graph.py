"""Checks an ONNX graph against the contract and writes it, without metadata of this machine; needs no torch."""

from pathlib import Path
from typing import Final

import onnx

from export.errors import BrokenGraph
from screening.contract import Signature, Tensor

BATCH: Final = "batch"
_ELEMENT_TYPES: Final = {"UINT8": onnx.TensorProto.UINT8, "FP32": onnx.TensorProto.FLOAT}


def save_checked(model: onnx.ModelProto, signature: Signature, path: Path) -> None:
    """Remove the exporter's metadata, name the batch axis, check the tensors, and write."""
    _strip(model)
    _name_batch(model)
    onnx.checker.check_model(model, full_check=True)
    found = {
        "inputs": tuple(_tensor(value) for value in model.graph.input),
        "outputs": tuple(_tensor(value) for value in model.graph.output),
    }
    expected = {
        "inputs": tuple(_with_batch(tensor) for tensor in signature.inputs),
        "outputs": tuple(_with_batch(tensor) for tensor in signature.outputs),
    }
    if found != expected:
        raise BrokenGraph(f"{signature.model}: the graph has {found}, the contract requires {expected}")
    path.write_bytes(model.SerializeToString(deterministic=True))


def _strip(model: onnx.ModelProto) -> None:
    """Remove metadata: torch writes source path and stack of every node into it."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""


def _name_batch(model: onnx.ModelProto) -> None:
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH


def _tensor(value: onnx.ValueInfoProto) -> tuple[str, int, tuple[str | int, ...]]:
    tensor = value.type.tensor_type
    shape = tuple(dim.dim_param or dim.dim_value for dim in tensor.shape.dim)
    return value.name, tensor.elem_type, shape


def _with_batch(tensor: Tensor) -> tuple[str, int, tuple[str | int, ...]]:
    return tensor.name, _ELEMENT_TYPES[tensor.dtype], (BATCH, *tensor.shape)
