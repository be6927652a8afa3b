"""A session of ONNX Runtime or OpenVINO from a config.pbtxt, with the keys that NVIDIA's C++ onnxruntime backend reads.

Source: https://github.com/triton-inference-server/onnxruntime_backend, "Model Config Options".
"""

from pathlib import Path
from typing import Any

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as state
from openvino_session import OpenVinoSession
from signature import InvalidConfig, check_signature

# ONNX Runtime's errors have no common base class; numpy raises ValueError for rows that cannot be joined, and OpenVINO
# RuntimeError.
FAULTS = (
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NotImplemented,
    state.RuntimeException,
    state.EPFail,
    ValueError,
    RuntimeError,
)

GRAPH_LEVELS = {
    -1: ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    0: ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    1: ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    2: ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
EXECUTION_MODES = {"0": ort.ExecutionMode.ORT_SEQUENTIAL, "1": ort.ExecutionMode.ORT_PARALLEL}
TENSORRT_OPTIONS = {"max_workspace_size_bytes": "trt_max_workspace_size"}
TENSORRT_PRECISIONS = {"FP32": {}, "FP16": {"trt_fp16_enable": "1"}, "INT8": {"trt_int8_enable": "1"}}


def open_session(
    config: dict[str, Any], version_folder: Path, kind: str, device: str
) -> ort.InferenceSession | OpenVinoSession:
    """Load the network and check that it has the tensors of the config; raises InvalidConfig."""
    path = version_folder / (config.get("default_model_filename") or "model.onnx")
    if not path.is_file():
        raise InvalidConfig(f"{path} does not exist")
    session = _openvino(path, config) if wants_openvino(config, kind) else _onnxruntime(path, config, kind, device)
    check_signature(config, session)
    return session


def _openvino(path: Path, config: dict[str, Any]) -> OpenVinoSession:
    threads = int(parameter(config, "intra_op_thread_count", "0"))
    try:
        return OpenVinoSession(path, threads, int(config["max_batch_size"]))
    except ImportError as error:
        raise InvalidConfig(f"the config asks for OpenVINO, which cannot be loaded: {error}") from error


def _onnxruntime(path: Path, config: dict[str, Any], kind: str, device: str) -> ort.InferenceSession:
    wanted = providers(config, kind, device)
    session = ort.InferenceSession(path, session_options(config), providers=wanted)
    # Without the libraries of a provider ONNX Runtime uses another one and reports nothing.
    if session.get_providers()[0] != wanted[0][0]:
        raise InvalidConfig(f"{wanted[0][0]} cannot be loaded; ONNX Runtime offers {session.get_providers()}")
    return session


def parameter(config: dict[str, Any], name: str, default: str) -> str:
    """A value of the config's `parameters` map."""
    value: str = config.get("parameters", {}).get(name, {}).get("string_value", default)
    return value


def session_options(config: dict[str, Any]) -> ort.SessionOptions:
    """Threads, graph level, arena and `session.*` entries."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(parameter(config, "intra_op_thread_count", "0"))
    options.inter_op_num_threads = int(parameter(config, "inter_op_thread_count", "0"))
    options.execution_mode = EXECUTION_MODES[parameter(config, "execution_mode", "0")]
    options.enable_cpu_mem_arena = parameter(config, "enable_mem_arena", "1") == "1"
    options.enable_mem_pattern = parameter(config, "enable_mem_pattern", "1") == "1"
    options.graph_optimization_level = GRAPH_LEVELS[
        int(config.get("optimization", {}).get("graph", {}).get("level", 0))
    ]
    for name in config.get("parameters", {}):
        if name.startswith("session."):
            options.add_session_config_entry(name, parameter(config, name, ""))
    return options


def run_options(config: dict[str, Any]) -> ort.RunOptions:
    """The options of each run: whether the arena is given back after it."""
    options = ort.RunOptions()
    if shrink := parameter(config, "memory.enable_memory_arena_shrinkage", ""):
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", shrink)
    return options


def wants_openvino(config: dict[str, Any], kind: str) -> bool:
    """Whether an instance of `kind` (CPU, GPU) is to run in OpenVINO."""
    accelerators = config.get("optimization", {}).get("execution_accelerators", {})
    named = [accelerator["name"] for accelerator in accelerators.get("cpu_execution_accelerator", [])]
    return kind == "CPU" and "openvino" in named


def providers(config: dict[str, Any], kind: str, device: str) -> list[tuple[str, dict[str, str]]]:
    """The execution providers of an instance of `kind` (CPU, GPU), the first preferred; raises InvalidConfig."""
    wanted: list[tuple[str, dict[str, str]]] = []
    if kind == "GPU":
        accelerators = config.get("optimization", {}).get("execution_accelerators", {})
        wanted += [
            ("TensorrtExecutionProvider", _tensorrt(accelerator.get("parameters", {}), device))
            for accelerator in accelerators.get("gpu_execution_accelerator", [])
            if accelerator["name"] == "tensorrt"
        ]
        wanted.append(("CUDAExecutionProvider", {"device_id": device}))
    if missing := {name for name, _ in wanted} - set(ort.get_available_providers()):
        raise InvalidConfig(f"instance_group asks for a GPU, but this ONNX Runtime lacks {', '.join(sorted(missing))}")
    return [*wanted, ("CPUExecutionProvider", {})]


def _tensorrt(parameters: dict[str, str], device: str) -> dict[str, str]:
    precision = TENSORRT_PRECISIONS[parameters.get("precision_mode", "FP32")]
    named = {TENSORRT_OPTIONS.get(name, name): value for name, value in parameters.items() if name != "precision_mode"}
    return {"device_id": device} | precision | named
