import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from export.calibration_views import CalibrationViews
from export.decision_parameters import load_decision
from export.errors import InvalidViews, ParityBroken
from export.manifest import sha256
from export.model_repository import MANIFEST, MODEL_CARD, ExportedRepository, ExportRequest, export_repository
from export.runners import run_onnx
from export.targets import TARGETS
from export.weights import Checkpoints, load_networks
from screening.contract import Signature
from screening.results.model_card import InvalidModelCard, ModelCard
from tests.unit.export.conftest import Trained
from training.networks import InvalidCheckpoint


def test_it_holds_what_triton_and_serving_read(repository: Path) -> None:
    version = ModelCard.load(repository / MODEL_CARD).ensemble_version
    assert {path.relative_to(repository).as_posix() for path in repository.rglob("*") if path.is_file()} == {
        *(f"{model}/config.pbtxt" for model in ("screening", "test_time", "classifier", "autoencoder", "findings")),
        *(f"{model}/1/model.onnx" for model in ("classifier", "autoencoder", "findings")),
        *(f"{ensemble}/{version}/.gitkeep" for ensemble in ("screening", "test_time")),
        MODEL_CARD,
        MANIFEST,
    }


def test_the_card_has_the_hash_of_every_file(repository: Path) -> None:
    card = ModelCard.load(repository / MODEL_CARD)
    assert not card.trained
    assert card.version.startswith("untrained-")
    assert len(card.file_hashes) == 8
    assert all(sha256(repository / name) == value for name, value in card.file_hashes.items())


def test_exporting_twice_gives_the_same_bytes(repository: Path, views: CalibrationViews, tmp_path: Path) -> None:
    again = export_repository(ExportRequest(TARGETS["cpu"], views), tmp_path / "repository").path
    for path in sorted(path for path in repository.rglob("*") if path.is_file()):
        assert path.read_bytes() == (again / path.relative_to(repository)).read_bytes(), path.name


def test_the_classifier_is_quantised_per_channel(repository: Path) -> None:
    graph = onnx.load(repository / "classifier" / "1" / "model.onnx").graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    kernels = [
        name for name, tensor in weights.items() if tensor.data_type == onnx.TensorProto.INT8 and tensor.dims[1:]
    ]
    assert len(kernels) == 25
    assert "QuantizeLinear" in {node.op_type for node in graph.node}


def test_untrained_networks_give_both_verdicts_in_range(exported: ExportedRepository, views: CalibrationViews) -> None:
    files = {step.model: exported.path / step.model / "1" / "model.onnx" for step in exported.card.contract.steps}
    outputs = run_onnx(files, exported.card.contract, views)
    assert outputs["logit"].min() < 0.0 < outputs["logit"].max()
    errors = outputs["reconstruction_error"]
    assert exported.card.fusion.error_range.r_min < errors.min() < errors.max() < exported.card.fusion.error_range.r_max
    np.testing.assert_allclose(outputs["findings"].sum(axis=1), 1.0, rtol=1e-5)


def test_the_manifest_has_parity_arithmetic_and_provenance(repository: Path, views: CalibrationViews) -> None:
    manifest = json.loads((repository / MANIFEST).read_text())
    assert manifest["parity_with_torch"].keys() == {"fp32", "int8"}
    assert manifest["precision"] == {"classifier": "int8", "autoencoder": "fp32", "findings": "fp32"}
    assert manifest["multiply_adds_per_slice"]["classifier"] > 20 * manifest["multiply_adds_per_slice"]["autoencoder"]
    assert manifest["calibration"] == {"sha256": views.sha256, "slices": 12, "studies": 3}
    assert manifest["checkpoints"] == {"classifier": None, "autoencoder": None, "findings": None}


def test_trained_weights_without_decision_parameters_are_refused(views: CalibrationViews, trained: Trained) -> None:
    checkpoints, _ = trained
    with pytest.raises(InvalidModelCard, match="no default thresholds"):
        ExportRequest(TARGETS["cpu"], views, checkpoints)


def test_decision_parameters_of_untrained_weights_are_refused(views: CalibrationViews, trained: Trained) -> None:
    checkpoints, decision = trained
    with pytest.raises(InvalidModelCard, match="a checkpoint is missing"):
        ExportRequest(TARGETS["cpu"], views, Checkpoints(classifier=checkpoints.classifier), decision)


def test_decision_parameters_with_a_missing_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "decision.json").write_text('{"view_spacing_mm": 8.0}')
    with pytest.raises(InvalidModelCard, match="test_time_slices"):
        load_decision(tmp_path / "decision.json")


def test_one_untrained_network_makes_the_card_untrained(views: CalibrationViews, trained: Trained) -> None:
    checkpoints, _ = trained
    networks = load_networks(Checkpoints(classifier=checkpoints.classifier), views, seed=0)
    assert not networks.trained


@pytest.mark.parametrize("failure", ["checkpoint", "parity"])
def test_a_failed_export_leaves_the_repository_unchanged(
    failure: str, repository: Path, views: CalibrationViews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "repository"
    output.mkdir()
    (output / "kept").touch()
    (tmp_path / "broken.pt").write_bytes(b"broken")
    checkpoints = Checkpoints(findings=tmp_path / "broken.pt") if failure == "checkpoint" else Checkpoints()
    monkeypatch.setattr("export.model_repository.write_onnx", _copy_from(repository))
    with pytest.raises((InvalidCheckpoint, ParityBroken)):
        export_repository(ExportRequest(TARGETS["cuda"], views, checkpoints, seed=5), output)
    assert [path.name for path in output.iterdir()] == ["kept"]
    assert not list(tmp_path.glob(".export-*"))


def test_a_size_that_the_encoder_cannot_halve_is_refused(views: CalibrationViews) -> None:
    odd = CalibrationViews(views.views[..., :40, :40], views.lung_masks[..., :40, :40], views.studies)
    with pytest.raises(InvalidViews, match="multiple of 32"):
        ExportRequest(TARGETS["cpu"], odd)


def _copy_from(repository: Path) -> Callable[[object, Signature, Path], None]:
    """Instead of an export: the graph of other weights."""

    def copy(_network: object, signature: Signature, path: Path) -> None:
        shutil.copyfile(repository / signature.model / "1" / "model.onnx", path)

    return copy
