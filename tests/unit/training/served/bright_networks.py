"""A model repository whose classifier finds what is bright in the lungs: tiny ONNX graphs, written by hand."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 64
CELLS = 8
CARD = {
    "version": "bright-1",
    "trained": True,
    "image_size": SIZE,
    "activation_size": CELLS,
    "error_map_size": CELLS,
    "view_spacing_mm": 8.0,
    "test_time_slices": 3,
    "volume_rule": {"name": "maximum", "mm": None},
    "error_rule": {"clip": 0.0, "min_lung_share": 0.05},
    "error_range": {"r_min": 0.0, "r_max": 1.0},
    "calibration": {"a": 6.0, "b": -3.0},
    "operating_points": {"balanced": {"threshold": 0.5}},
    "operating_point": "balanced",
    "file_hashes": {"classifier/1/model.onnx": "0" * 64},
}


def write_bright_repository(folder: Path, threshold_grey: float = 75.0) -> Path:
    """A cell's logit is how much a patch of lung, away from the pleura, is brighter than what lies around it.

    In steps of ten grey levels, above the threshold: compact things are found, the heart and the liver are not.
    """
    for model in ("classifier", "autoencoder"):
        path = folder / model / "1" / "model.onnx"
        path.parent.mkdir(parents=True)
        onnx.save(_classifier(threshold_grey) if model == "classifier" else _autoencoder(), path)
    (folder / "model_card.json").write_text(json.dumps(CARD), "utf-8")
    return folder


def _classifier(threshold_grey: float) -> onnx.ModelProto:
    nodes = [
        *_masked(),
        _mean("grey", "near", 3),
        _mean("grey", "around", 17),
        helper.make_node("Sub", ["near", "around"], ["contrast"]),
        helper.make_node("Mul", ["contrast", "eroded"], ["smooth"]),
        helper.make_node("MaxPool", ["smooth"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Sub", ["cells", "threshold"], ["above"]),
        helper.make_node("Mul", ["above", "tenth"], ["map"]),
        helper.make_node("Reshape", ["map", "map_shape"], ["activation"]),
        helper.make_node("ReduceMax", ["activation"], ["highest"], axes=[1, 2], keepdims=0),
        helper.make_node("Reshape", ["highest", "row"], ["logit"]),
    ]
    constants: dict[str, np.generic | np.ndarray] = {
        "threshold": np.float32(threshold_grey),
        "tenth": np.float32(0.1),
        "map_shape": np.array([-1, CELLS, CELLS]),
        "row": np.array([-1, 1]),
    }
    return _model(nodes, constants, {"logit": [None, 1], "activation": [None, CELLS, CELLS]})


def _autoencoder() -> onnx.ModelProto:
    nodes = [*_masked(), helper.make_node("ReduceMean", ["inside"], ["mean"], axes=[1, 2, 3], keepdims=0)]
    nodes.append(helper.make_node("Reshape", ["mean", "row"], ["reconstruction_error"]))
    return _model(nodes, {"row": np.array([-1, 1])}, {"reconstruction_error": [None, 1]})


def _mean(source: str, name: str, side: int) -> onnx.NodeProto:
    pads = [side // 2] * 4
    return helper.make_node("AveragePool", [source], [name], kernel_shape=[side, side], pads=pads, strides=[1, 1])


def _masked() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Cast", ["view"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["lung_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Neg", ["mask"], ["outside"]),
        helper.make_node("MaxPool", ["outside"], ["grown"], kernel_shape=[7, 7], pads=[3, 3, 3, 3], strides=[1, 1]),
        helper.make_node("Neg", ["grown"], ["eroded"]),
        helper.make_node("Mul", ["grey", "eroded"], ["inside"]),
    ]


def _model(
    nodes: list[onnx.NodeProto], constants: dict[str, np.generic | np.ndarray], outputs: dict[str, list[int | None]]
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "bright",
        [
            helper.make_tensor_value_info(name, TensorProto.UINT8, [None, 1, SIZE, SIZE])
            for name in ("view", "lung_mask")
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
