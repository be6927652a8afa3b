import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from export.calibration_views import CalibrationViews
from export.cli import app
from export.manifest import sha256
from export.model_repository import MANIFEST, MODEL_CARD
from export.speed import measure_speed, table
from export.targets import TARGETS
from screening.contract import CLASSIFIER
from screening.results.model_card import ModelCard
from tests.unit.export.conftest import Trained


@pytest.fixture
def npz(views: CalibrationViews, tmp_path: Path) -> Path:
    path = tmp_path / "views.npz"
    np.savez(path, views=views.views, lung_masks=views.lung_masks, studies=views.studies)
    return path


def test_tensorrt_target_writes_the_config_and_says_that_no_plan_was_built(npz: Path, tmp_path: Path) -> None:
    output = tmp_path / "repository"
    result = CliRunner().invoke(app, ["--target", "tensorrt", "--calibration", str(npz), "--output", str(output)])
    assert result.exit_code == 0, result.output
    assert (
        "classifier: TensorRT is not installed, no plan was built. On the GPU machine, run: trtexec --onnx="
        in result.output
    )
    assert "the verdict of this repository means nothing" in result.output
    assert 'platform: "tensorrt_plan"' in (output / "autoencoder" / "config.pbtxt").read_text()
    assert not json.loads((output / MANIFEST).read_text())["plans"]["classifier"]["built"]
    assert not ModelCard.load(output / MODEL_CARD).trained


def test_trained_weights_need_their_decision_parameters(npz: Path, trained: Trained, tmp_path: Path) -> None:
    checkpoints, decision = trained
    output = tmp_path / "repository"
    options = {
        "--target": "cuda",
        "--classifier": checkpoints.classifier,
        "--autoencoder": checkpoints.autoencoder,
        "--findings": checkpoints.findings,
        "--decision": decision,
        "--calibration": npz,
        "--output": output,
    }
    result = CliRunner().invoke(app, [str(word) for option in options.items() for word in option])
    assert result.exit_code == 0, result.output
    assert "means nothing" not in result.output
    card = ModelCard.load(output / MODEL_CARD)
    assert card.trained
    assert card.operating_point.sensitivity == 0.95
    assert checkpoints.classifier is not None
    assert json.loads((output / MANIFEST).read_text())["checkpoints"]["classifier"] == sha256(checkpoints.classifier)


def test_a_broken_checkpoint_gives_an_error_message(npz: Path, tmp_path: Path) -> None:
    (tmp_path / "classifier.pt").write_bytes(b"broken")
    arguments = ["--classifier", str(tmp_path / "classifier.pt"), "--calibration", str(npz)]
    result = CliRunner().invoke(app, [*arguments, "--output", str(tmp_path / "repository")])
    assert result.exit_code == 1
    assert "Refused: classifier.pt is not a readable checkpoint" in result.output
    assert not (tmp_path / "repository").exists()


def test_precision_overrides_the_targets_choice_for_the_classifier() -> None:
    assert TARGETS["cpu"].serving[CLASSIFIER].precision == "int8"
    assert TARGETS["cpu"].with_precision("fp32").serving[CLASSIFIER].precision == "fp32"


@pytest.mark.heavy
def test_speed_has_a_row_for_every_form(views: CalibrationViews) -> None:
    measured = measure_speed(views)
    assert len(measured) == 2 * 2 * 2
    assert all(row.slices_per_s > 0 for row in measured)
    assert table(measured).count("\n") == 1 + len(measured)
