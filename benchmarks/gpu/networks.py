"""One network, opened by a provider: the same call for ONNX Runtime and TensorRT, from host memory to host memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benchmarks.gpu.providers import CUDA, CannotRun, Provider
from benchmarks.gpu.setting import Graph, Setting

Arrays = Mapping[str, NDArray[Any]]


class Network(Protocol):
    """Runs rows of its inputs; inputs that it does not have are ignored."""

    def run(self, feed: Arrays) -> dict[str, NDArray[np.float32]]:
        """All outputs by name, copied back to the host."""
        ...


class OnnxRuntimeNetwork:
    """A session; raises CannotRun when ONNX Runtime takes another execution provider, which it does silently."""

    def __init__(self, path: Path, execution_provider: str) -> None:
        if execution_provider == CUDA:
            onnxruntime.preload_dlls()  # CUDA and cuDNN from NVIDIA's wheels
        self._session = onnxruntime.InferenceSession(path, providers=[execution_provider])
        if self._session.get_providers()[0] != execution_provider:
            raise CannotRun(f"{execution_provider} could not be loaded: no device, no driver, or a library is missing")
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]
        self._outputs = [tensor.name for tensor in self._session.get_outputs()]

    def run(self, feed: Arrays) -> dict[str, NDArray[np.float32]]:
        values = self._session.run(self._outputs, {name: feed[name] for name in self._inputs})
        return dict(zip(self._outputs, values, strict=True))


def open_network(setting: Setting, provider: Provider, graph: Graph) -> Network:
    """The network of this graph; a plan must have been built. Raises CannotRun."""
    if provider.execution_provider is not None:
        return OnnxRuntimeNetwork(graph.path, provider.execution_provider)
    from benchmarks.gpu.tensorrt_network import TensorRtNetwork  # with the extra `gpu` only

    plan = setting.plan(graph.signature.model)
    if not plan.exists():
        raise CannotRun(f"the plan of {graph.signature.model} was not built")
    return TensorRtNetwork(plan.read_bytes())
