"""An exported repository, served by a real Triton and compared with ONNX Runtime."""

import asyncio
import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from engines.triton_server import TritonServer
from export.calibration_views import CalibrationViews
from export.cli import app
from export.model_repository import MANIFEST, ExportRequest, export_repository
from export.targets import TARGETS


async def test_triton_answers_as_onnx_runtime_does(tmp_path: Path) -> None:
    views = _views()
    npz = tmp_path / "views.npz"
    np.savez(npz, views=views.views, lung_masks=views.lung_masks, studies=views.studies)
    repository = export_repository(ExportRequest(TARGETS["cpu"], views), tmp_path / "repository").path
    async with TritonServer(repository) as server:
        arguments = ["parity", server.grpc_url, "--repository", str(repository), "--calibration", str(npz)]
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert result.exit_code == 0, result.output
    assert "triton: 0 of 10 slices and 0 of 2 studies flip" in result.output
    recorded = json.loads((repository / MANIFEST).read_text())["parity_through_triton"]
    assert recorded["differences"]["logit"] == {"largest": 0.0, "mean": 0.0}


def _views() -> CalibrationViews:
    """More slices than the maximum batch of the ensemble."""
    random = np.random.default_rng(3)
    return CalibrationViews(
        random.integers(0, 256, (10, 1, 64, 64), dtype=np.uint8),
        random.integers(0, 2, (10, 1, 64, 64), dtype=np.uint8),
        np.repeat(np.arange(2), 5),
    )
