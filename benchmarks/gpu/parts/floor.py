"""The floor: the rates at which this library copies to the device and back, and multiplies matrices there.

Both are differences of two sizes, so that the cost of a call cancels out. The copy is a graph of one addition, whose
arithmetic runs at the device's memory rate, tens of times that of the copy.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.gpu.networks import Network, OnnxRuntimeNetwork
from benchmarks.gpu.parts.throughput import timed
from benchmarks.gpu.providers import Provider
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting

OPSET, IR_VERSION = 18, 10
COPIED: Final = (4 * 2**20, 20 * 2**20)  # bytes in, and as many out; a batch of 64 slices has 6.7 million
CHAINS: Final = (2, 10)  # products of matrices
SIDES: Final = {"cpu": 1024, "gpu": 4096, "short": 512}  # of a matrix: large enough to fill the device
SECONDS, SHORT_SECONDS = 0.8, 0.2


@dataclass(frozen=True)
class _Probe:
    path: Path
    values: NDArray[np.float32]


def floor(setting: Setting, provider: Provider) -> Iterator[Row]:
    """A row with the copy rate and a row with the rate of products, in the precision of the provider."""
    seconds = SHORT_SECONDS if setting.short else SECONDS
    with TemporaryDirectory(prefix="turnstile-gpu-") as folder:
        copies = [_addition(Path(folder), size // 4) for size in COPIED]
        short, long = (_fastest(provider, probe, seconds) for probe in copies)
        yield {"rate": "copy", "bytes_per_s": _rate(2.0 * (COPIED[1] - COPIED[0]), long - short)}
        side = SIDES["short" if setting.short else "gpu" if provider.is_gpu else "cpu"]
        chains = [_products(Path(folder), side, length, half=provider.precision == "fp16") for length in CHAINS]
        short, long = (_fastest(provider, probe, seconds) for probe in chains)
        products = CHAINS[1] - CHAINS[0]
        yield {"rate": "gemm", "side": side, "multiply_adds_per_s": _rate(1.0 * products * side**3, long - short)}


def _rate(amount: float, seconds: float) -> float | None:
    """None when the larger size took no longer: this machine is too restless to tell."""
    return amount / seconds if seconds > 0 else None


def _fastest(provider: Provider, probe: _Probe, seconds: float) -> float:
    """The tenth percentile of a call: a floor is what is possible, not what is usual on a shared machine."""
    return float(np.percentile(timed(_opened(provider, probe), {"x": probe.values}, seconds), 10))


def _opened(provider: Provider, probe: _Probe) -> Network:
    if provider.execution_provider is not None:
        return OnnxRuntimeNetwork(probe.path, provider.execution_provider)
    from benchmarks.gpu.tensorrt_network import TensorRtNetwork, build_plan  # with the extra `gpu` only

    rows = len(probe.values)
    return TensorRtNetwork(build_plan(probe.path, rows, rows))


def _addition(folder: Path, count: int) -> _Probe:
    one = numpy_helper.from_array(np.ones((1, 1), np.float32), "one")
    nodes = [helper.make_node("Add", ["x", "one"], ["y"])]
    return _probe(folder / f"copy-{count}.onnx", nodes, [one], np.zeros((count // 1024, 1024), np.float32))


def _products(folder: Path, side: int, length: int, *, half: bool) -> _Probe:
    """x W W ... W, in FP16 between two casts if `half`; W keeps the size of the values."""
    random = np.random.default_rng(0)
    dtype, kind = (np.float16, TensorProto.FLOAT16) if half else (np.float32, TensorProto.FLOAT)
    weights = (random.standard_normal((side, side)) / np.sqrt(side)).astype(dtype)
    nodes = [helper.make_node("Cast", ["x"], ["0"], to=kind)]
    nodes += [helper.make_node("MatMul", [str(number), "w"], [str(number + 1)]) for number in range(length)]
    nodes += [helper.make_node("Cast", [str(length)], ["y"], to=TensorProto.FLOAT)]
    values = random.standard_normal((side, side)).astype(np.float32)
    return _probe(folder / f"gemm-{length}.onnx", nodes, [numpy_helper.from_array(weights, "w")], values)


def _probe(path: Path, nodes: list[Any], constants: list[Any], values: NDArray[np.float32]) -> _Probe:
    """The graph x -> y of these nodes, with rows as its free axis, as the networks have."""
    shape = ["batch", *values.shape[1:]]
    tensors = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name in ("x", "y")]
    graph = helper.make_graph(nodes, "probe", *tensors, initializer=constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())
    return _Probe(path, values)
