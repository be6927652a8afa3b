"""What executes the networks: a library, a kind of device and a precision."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final, Literal

import onnxruntime

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"


class CannotRun(Exception):
    """This machine cannot do it; the message says why, and what is missing."""


@dataclass(frozen=True)
class Provider:
    """`execution_provider` is ONNX Runtime's; without one TensorRT runs a plan. `precision` is that of the graph.

    In an FP32 graph CUDA multiplies in TF32 where the device has it.
    """

    name: str
    words: str
    execution_provider: str | None
    precision: Literal["fp32", "fp16", "as served"]

    @property
    def is_gpu(self) -> bool:
        return self.execution_provider != CPU


SERVED: Final = Provider("served", "ONNX Runtime on the CPU, INT8 as served", CPU, "as served")
PROVIDERS: Final[Mapping[str, Provider]] = {
    one.name: one
    for one in (
        Provider("cpu", "ONNX Runtime on the CPU, FP32", CPU, "fp32"),
        Provider("cpu-fp16", "ONNX Runtime on the CPU, FP16 graph", CPU, "fp16"),
        Provider("cuda", "ONNX Runtime CUDA, FP32 graph", CUDA, "fp32"),
        Provider("cuda-fp16", "ONNX Runtime CUDA, FP16 graph", CUDA, "fp16"),
        Provider("tensorrt", "TensorRT FP16 plan", None, "fp16"),
    )
}


def why_not(provider: Provider) -> str | None:
    """Why this environment cannot open a network of the provider, as far as the packages tell; None when it may."""
    if provider.execution_provider is None:
        missing = [name for name in ("tensorrt", "cuda.bindings") if not _is_installed(name)]
        return f"not installed: {', '.join(missing)}" if missing else None
    if provider.execution_provider not in (offered := onnxruntime.get_available_providers()):
        return f"ONNX Runtime {onnxruntime.__version__} has no {provider.execution_provider}, only {', '.join(offered)}"
    return None


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the parent package
        return False
