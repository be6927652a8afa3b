"""OpenVINO behind the interface of an ONNX Runtime session, for the execution accelerator `openvino`.

NVIDIA's backend hands such a model to ONNX Runtime's OpenVINO provider; ONNX Runtime from the package index has none,
and OpenVINO reads ONNX itself. Source: https://github.com/triton-inference-server/onnxruntime_backend, "OpenVINO
Execution Accelerator".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Names of OpenVINO's element types in ONNX Runtime's terms.
ELEMENT_TYPES = {
    "boolean": "tensor(bool)",
    "u8": "tensor(uint8)",
    "i8": "tensor(int8)",
    "i32": "tensor(int32)",
    "i64": "tensor(int64)",
    "f16": "tensor(float16)",
    "f32": "tensor(float)",
    "f64": "tensor(double)",
}


@dataclass(frozen=True)
class TensorInfo:
    """Name, type and shape of an input or output, as ONNX Runtime gives them: a free axis is None."""

    name: str
    type: str
    shape: list[int | None]


class OpenVinoSession:
    """One network on the CPU, in the precision of its file, with as many threads as are given (0: one for each core).

    `max_batch` bounds the batch axis, which lets OpenVINO plan for it; 0 leaves the shapes as they are. Raises
    ImportError without OpenVINO, and RuntimeError for a network that it cannot run.
    """

    def __init__(self, path: Path, threads: int, max_batch: int) -> None:
        import openvino  # not needed by those whose models name no accelerator

        core = openvino.Core()
        network = core.read_model(path)
        self._inputs = [_info(tensor) for tensor in network.inputs]
        self._outputs = [_info(tensor) for tensor in network.outputs]
        if max_batch > 0 and all(tensor.shape[:1] == [None] for tensor in self._inputs):
            batch = openvino.Dimension(1, max_batch) if max_batch > 1 else openvino.Dimension(1)
            network.reshape({tensor.name: [batch, *tensor.shape[1:]] for tensor in self._inputs})
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # each instance is a process of its own: all would be pinned to the first core
            "INFERENCE_PRECISION_HINT": "f32",  # on cores with AMX the default is bfloat16
        }
        self._request = core.compile_model(network, "CPU", settings).create_infer_request()

    def get_inputs(self) -> list[TensorInfo]:
        """The inputs of the file, in order."""
        return self._inputs

    def get_outputs(self) -> list[TensorInfo]:
        """The outputs of the file, in order."""
        return self._outputs

    def run(self, names: list[str] | None, feeds: Mapping[str, np.ndarray], _options: Any = None) -> list[np.ndarray]:
        """The named outputs, or all, as arrays of their own; raises RuntimeError."""
        answer = self._request.infer(dict(feeds))
        return [answer[name] for name in names or [tensor.name for tensor in self._outputs]]


def _info(tensor: Any) -> TensorInfo:
    shape = [None if size.is_dynamic else size.get_length() for size in tensor.get_partial_shape()]
    kind = tensor.get_element_type().get_type_name()
    return TensorInfo(tensor.get_any_name(), ELEMENT_TYPES.get(kind, kind), shape)
