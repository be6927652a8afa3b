"""TensorRT: builds a plan from a graph, and runs it. The precision is the graph's, in releases 10 and 11 alike."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorrt as trt
from cuda.bindings import runtime
from numpy.typing import NDArray

from benchmarks.gpu.cuda_memory import Buffer, checked
from benchmarks.gpu.networks import Arrays
from benchmarks.gpu.providers import CannotRun

_LOG = trt.Logger(trt.Logger.ERROR)


def build_plan(path: Path, optimum: int, largest: int) -> bytes:
    """A plan for 1 to `largest` rows, chosen for `optimum` rows; raises CannotRun with the parser's errors."""
    checked(runtime.cudaGetDeviceCount())
    builder = trt.Builder(_LOG)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, _LOG)
    if not parser.parse(path.read_bytes()):
        raise CannotRun("; ".join(str(parser.get_error(number)) for number in range(parser.num_errors)))
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    for number in range(network.num_inputs):
        tensor = network.get_input(number)
        row = tuple(tensor.shape)[1:]
        profile.set_shape(tensor.name, *((rows, *row) for rows in (1, optimum, largest)))
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise CannotRun(f"TensorRT {trt.__version__} could not build a plan of {path.name}; its log says why")
    return bytes(plan)


class TensorRtNetwork:
    """A plan with one context, one stream and page-locked buffers for its largest batch; for one thread at a time."""

    def __init__(self, plan: bytes) -> None:
        checked(runtime.cudaGetDeviceCount())
        self._runtime = trt.Runtime(_LOG)  # must outlive the engine
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise CannotRun(f"TensorRT {trt.__version__} cannot read this plan: another release or device built it")
        self._context = self._engine.create_execution_context()
        self._stream = checked(runtime.cudaStreamCreate())
        names = [self._engine.get_tensor_name(number) for number in range(self._engine.num_io_tensors)]
        self._inputs = [one for one in names if self._engine.get_tensor_mode(one) == trt.TensorIOMode.INPUT]
        self._outputs = [one for one in names if one not in self._inputs]
        largest = int(self._engine.get_tensor_profile_shape(self._inputs[0], 0)[2][0])
        self._buffers = {name: self._buffer(name, largest) for name in names}

    def run(self, feed: Arrays) -> dict[str, NDArray[np.float32]]:
        rows = len(feed[self._inputs[0]])
        for name in self._inputs:
            self._buffers[name].copy_in(feed[name], self._stream)
            self._context.set_input_shape(name, feed[name].shape)
        if not self._context.execute_async_v3(int(self._stream)):
            raise CannotRun("TensorRT could not enqueue the network; its log says why")
        views = {name: self._buffers[name].copy_out(rows, self._stream) for name in self._outputs}
        checked(runtime.cudaStreamSynchronize(self._stream))
        return {name: view.copy() for name, view in views.items()}

    def _buffer(self, name: str, largest: int) -> Buffer:
        dtype: np.dtype[Any] = np.dtype(trt.nptype(self._engine.get_tensor_dtype(name)))
        buffer = Buffer((largest, *tuple(self._engine.get_tensor_shape(name))[1:]), dtype)
        self._context.set_tensor_address(name, buffer.device)
        return buffer
