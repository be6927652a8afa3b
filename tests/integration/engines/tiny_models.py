"""A model repository of a few kilobytes: one network for each feature of the backend."""

from pathlib import Path

import numpy as np
import onnx
from google.protobuf import text_format
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, quantize_static
from tritonclient.grpc import model_config_pb2 as pb

RNG = np.random.default_rng(2)
WEIGHTS = RNG.normal(size=(16, 4)).astype(np.float32)
TABLE = RNG.normal(size=(8, 3)).astype(np.float32)
MAX_BATCH = 32


def write_repository(folder: Path) -> Path:
    """Write the models and return `folder`.

    dense: slices -> 4 numbers. peak: slices -> maximum. both: an ensemble of the two. quantised: dense in INT8 (QDQ).
    accelerated: dense in OpenVINO.
    pick: index -> a row of a table, and an error for an index that it has not. whole: dense without a batch axis.
    """
    write_model(folder, _dense(), _config("dense", "y", 4))
    write_model(folder, _peak(), _config("peak", "peak", 1))
    write_model(folder, _dense(), _config("quantised", "y", 4))
    _quantise(folder / "quantised" / "1" / "model.onnx")
    write_model(folder, _dense(), _accelerated_config())
    write_model(folder, _pick(), _pick_config())
    write_model(folder, _dense(batch=2), _whole_config())
    (folder / "both" / "1").mkdir(parents=True)
    (folder / "both" / "config.pbtxt").write_text(text_format.MessageToString(_ensemble()))
    return folder


def write_broken_repository(folder: Path) -> Path:
    """One model whose network is missing."""
    write_model(folder, None, _config("dense", "y", 4))
    return folder


def write_model(folder: Path, graph: onnx.GraphProto | None, config: pb.ModelConfig) -> None:
    """One model's folder; without a graph the file that Triton must miss."""
    version = folder / config.name / "1"
    version.mkdir(parents=True)
    if graph is not None:
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, version / "model.onnx")
    (folder / config.name / "config.pbtxt").write_text(text_format.MessageToString(config))


def slices(count: int, seed: int = 0) -> np.ndarray:
    """Random bytes [count, 1, 4, 4]."""
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 4, 4), dtype=np.uint8)


def _dense(batch: int | str = "N") -> onnx.GraphProto:
    nodes = [
        helper.make_node("Cast", ["x"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["float"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["y"]),
    ]
    return helper.make_graph(
        nodes, "dense", [_slices(batch)], [_floats("y", batch, 4)], [_constant("weights", WEIGHTS)]
    )


def _peak() -> onnx.GraphProto:
    nodes = [
        helper.make_node("Cast", ["x"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["float"], ["flat"]),
        helper.make_node("ReduceMax", ["flat"], ["peak"], axes=[1]),
    ]
    return helper.make_graph(nodes, "peak", [_slices("N")], [_floats("peak", "N", 1)])


def _pick() -> onnx.GraphProto:
    nodes = [
        helper.make_node("Flatten", ["index"], ["column"]),
        helper.make_node("Squeeze", ["column", "axes"], ["indices"]),
        helper.make_node("Gather", ["table", "indices"], ["row"]),
    ]
    index = helper.make_tensor_value_info("index", TensorProto.INT64, ["N", 1])
    constants = [_constant("table", TABLE), _constant("axes", np.array([1]))]
    return helper.make_graph(nodes, "pick", [index], [_floats("row", "N", 3)], constants)


def _slices(batch: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info("x", TensorProto.UINT8, [batch, 1, 4, 4])


def _floats(name: str, batch: int | str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, width])


def _constant(name: str, value: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(value, name)


def _config(name: str, output: str, width: int) -> pb.ModelConfig:
    return pb.ModelConfig(
        name=name,
        backend="onnxruntime",
        max_batch_size=MAX_BATCH,
        input=[pb.ModelInput(name="x", data_type=pb.TYPE_UINT8, dims=[1, 4, 4])],
        output=[pb.ModelOutput(name=output, data_type=pb.TYPE_FP32, dims=[width])],
        instance_group=[pb.ModelInstanceGroup(kind=pb.ModelInstanceGroup.KIND_CPU, count=1)],
        dynamic_batching=pb.ModelDynamicBatching(max_queue_delay_microseconds=20_000),
        parameters={"intra_op_thread_count": pb.ModelParameter(string_value="1")},
    )


def _accelerated_config() -> pb.ModelConfig:
    config = _config("accelerated", "y", 4)
    config.optimization.execution_accelerators.cpu_execution_accelerator.add(name="openvino")
    return config


def _pick_config() -> pb.ModelConfig:
    config = _config("pick", "row", 3)
    config.input[0].CopyFrom(pb.ModelInput(name="index", data_type=pb.TYPE_INT64, dims=[1]))
    return config


def _whole_config() -> pb.ModelConfig:
    config = _config("whole", "y", 4)
    config.max_batch_size = 0
    config.ClearField("dynamic_batching")
    config.input[0].dims[:] = [2, 1, 4, 4]
    config.output[0].dims[:] = [2, 4]
    return config


def _ensemble() -> pb.ModelConfig:
    steps = [
        pb.ModelEnsembling.Step(model_name=name, model_version=-1, input_map={"x": "x"}, output_map={output: output})
        for name, output in (("dense", "y"), ("peak", "peak"))
    ]
    return pb.ModelConfig(
        name="both",
        platform="ensemble",
        max_batch_size=MAX_BATCH,
        input=[pb.ModelInput(name="x", data_type=pb.TYPE_UINT8, dims=[1, 4, 4])],
        output=[
            pb.ModelOutput(name="y", data_type=pb.TYPE_FP32, dims=[4]),
            pb.ModelOutput(name="peak", data_type=pb.TYPE_FP32, dims=[1]),
        ],
        ensemble_scheduling=pb.ModelEnsembling(step=steps),
    )


class _Views(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    def __init__(self) -> None:
        self._batches = iter([{"x": slices(8, seed)} for seed in range(4)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._batches, None)


def _quantise(path: Path) -> None:
    quantize_static(path, path, _Views(), per_channel=True)
