from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from export.calibration_views import CalibrationViews
from export.half_precision import write_fp16
from export.model_repository import ExportedRepository, ExportRequest, export_repository
from export.targets import TARGETS


def test_convolutions_are_half_and_the_outputs_stay_near(views: CalibrationViews, tmp_path: Path) -> None:
    exported: ExportedRepository = export_repository(ExportRequest(TARGETS["cuda"], views), tmp_path / "fp32")
    for signature in exported.card.contract.networks:
        source, half = exported.path / signature.model / "1" / "model.onnx", tmp_path / f"{signature.model}.onnx"
        write_fp16(source, signature, half)
        graph = onnx.load(half).graph
        weights = {one.name: one.data_type for one in graph.initializer}
        filters = [weights[node.input[1]] for node in graph.node if node.op_type == "Conv" and node.input[1] in weights]
        assert filters
        assert set(filters) == {onnx.TensorProto.FLOAT16}
        feed = {tensor.name: getattr(views, f"{tensor.name}s") for tensor in signature.inputs}
        expected, found = (_run(path, feed) for path in (source, half))
        for name, values in expected.items():
            assert np.abs(values - found[name]).max() < 0.05 * max(1.0, float(np.abs(values).max())), name


def _run(path: Path, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in session.get_outputs()]
    return dict(zip(names, session.run(names, feed), strict=True))
