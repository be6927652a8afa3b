import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from session import open_session, parameter, providers, session_options, wants_openvino
from signature import InvalidConfig


def _network(path: Path, batch: str | int = "N") -> Path:
    """Twice its input, one row of three numbers."""
    tensor, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
    graph = onnx.helper.make_graph(
        [node("Add", ["x", "x"], ["y"])],
        "twice",
        [tensor("x", onnx.TensorProto.FLOAT, [batch, 3])],
        [tensor("y", onnx.TensorProto.FLOAT, [batch, 3])],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def _config(**changes: Any) -> dict[str, Any]:
    return {
        "max_batch_size": 8,
        "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["3"]}],
        "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": ["3"]}],
    } | changes


def _parameters(**values: str) -> dict[str, Any]:
    return {"parameters": {name.replace("__", "."): {"string_value": value} for name, value in values.items()}}


def test_a_network_that_fits_its_config_runs(tmp_path: Path) -> None:
    _network(tmp_path / "model.onnx")
    session = open_session(_config(), tmp_path, "CPU", "0")
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(session.run(None, {"x": rows})[0], 2 * rows)


def test_openvino_is_for_instances_on_a_cpu(tmp_path: Path) -> None:
    accelerators = {"cpu_execution_accelerator": [{"name": "openvino"}]}
    config = _config(optimization={"execution_accelerators": accelerators})
    assert wants_openvino(config, "CPU")
    assert not wants_openvino(config, "GPU")
    assert not wants_openvino(_config(), "CPU")


def test_a_model_for_openvino_is_refused_where_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _network(tmp_path / "model.onnx")
    monkeypatch.setitem(sys.modules, "openvino", None)
    accelerators = {"cpu_execution_accelerator": [{"name": "openvino"}]}
    config = _config(optimization={"execution_accelerators": accelerators})
    with pytest.raises(InvalidConfig, match="OpenVINO, which cannot be loaded"):
        open_session(config, tmp_path, "CPU", "0")


def test_the_file_may_have_another_name(tmp_path: Path) -> None:
    _network(tmp_path / "int8.onnx")
    assert open_session(_config(default_model_filename="int8.onnx"), tmp_path, "CPU", "0")
    with pytest.raises(InvalidConfig, match="does not exist"):
        open_session(_config(), tmp_path, "CPU", "0")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"input": []}, "inputs in"),
        ({"output": [{"name": "z", "data_type": "TYPE_FP32", "dims": [3]}]}, "outputs in"),
        ({"input": [{"name": "x", "data_type": "TYPE_UINT8", "dims": [3]}]}, "x is TYPE_UINT8"),
        ({"input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [4]}]}, r"\[-1, 4\] in config"),
        ({"max_batch_size": 0}, r"\[3\] in config"),
    ],
    ids=["input missing", "output unknown", "type", "shape", "batch axis"],
)
def test_a_config_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    _network(tmp_path / "model.onnx")
    with pytest.raises(InvalidConfig, match=reason):
        open_session(_config(**changes), tmp_path, "CPU", "0")


def test_a_network_with_a_fixed_batch_cannot_be_batched(tmp_path: Path) -> None:
    _network(tmp_path / "model.onnx", batch=1)
    with pytest.raises(InvalidConfig, match="must be free"):
        open_session(_config(), tmp_path, "CPU", "0")


def test_a_reshape_counts_instead_of_the_dims(tmp_path: Path) -> None:
    _network(tmp_path / "model.onnx")
    square = {"name": "x", "data_type": "TYPE_FP32", "dims": [1, 3], "reshape": {"shape": [3]}}
    assert open_session(_config(input=[square]), tmp_path, "CPU", "0")


def test_the_keys_of_the_cpp_backend_set_the_session() -> None:
    keys = _parameters(
        intra_op_thread_count="3",
        inter_op_thread_count="2",
        execution_mode="1",
        enable_mem_arena="0",
        session__intra_op__allow_spinning="0",
    )
    options = session_options(_config(**keys, optimization={"graph": {"level": -1}}))

    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 2)
    assert options.execution_mode == ort.ExecutionMode.ORT_PARALLEL
    assert options.graph_optimization_level == ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    assert not options.enable_cpu_mem_arena
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_nothing_said_means_the_runtimes_defaults() -> None:
    options = session_options(_config())
    assert options.intra_op_num_threads == 0
    assert options.graph_optimization_level == ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    assert options.enable_cpu_mem_arena
    assert parameter(_config(), "anything", "default") == "default"


def test_a_gpu_is_asked_for_with_tensorrt_first(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: everything)
    tensorrt = {"name": "tensorrt", "parameters": {"precision_mode": "FP16", "max_workspace_size_bytes": "1024"}}
    accelerators = {"execution_accelerators": {"gpu_execution_accelerator": [tensorrt]}}

    chosen = providers(_config(optimization=accelerators), "GPU", "1")

    assert [name for name, _ in chosen] == everything
    assert chosen[0][1] == {"device_id": "1", "trt_fp16_enable": "1", "trt_max_workspace_size": "1024"}


def test_a_gpu_that_the_runtime_cannot_use_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(InvalidConfig, match="lacks CUDAExecutionProvider"):
        providers(_config(), "GPU", "0")


def test_a_cpu_instance_never_touches_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    assert providers(_config(), "CPU", "0") == [("CPUExecutionProvider", {})]
