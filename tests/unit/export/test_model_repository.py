import json
import shutil
from collections.abc import Callable
from dataclasses import replace
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
from screening.contract import FINDINGS, FindingsKind, Signature
from screening.results.model_card import InvalidModelCard, ModelCard
from tests.unit.export.conftest import Trained
from training.networks import Findings, InvalidCheckpoint, save_network


def test_it_holds_what_triton_and_serving_read(repository: Path) -> None:
    version = ModelCard.load(repository / MODEL_CARD).ensemble_version
    assert {path.relative_to(repository).as_posix() for path in repository.rglob("*") if path.is_file()} == {
        *(f"{model}/config.pbtxt" for model in ("screening", "test_time", "classifier", "autoencoder")),
        *(f"{model}/1/model.onnx" for model in ("classifier", "autoencoder")),
        *(f"{ensemble}/{version}/.gitkeep" for ensemble in ("screening", "test_time")),
        MODEL_CARD,
        MANIFEST,
    }


def test_the_card_has_the_hash_of_every_file(repository: Path) -> None:
    card = ModelCard.load(repository / MODEL_CARD)
    assert not card.trained
    assert card.version.startswith("untrained-")
    assert len(card.file_hashes) == 6
    assert all(sha256(repository / name) == value for name, value in card.file_hashes.items())


@pytest.mark.heavy
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
    assert outputs["findings"].shape == (len(views), len(FINDINGS))
    assert 0.0 <= outputs["findings"].min() < outputs["findings"].max() <= 1.0
    assert not exported.card.findings.thresholds


def test_the_manifest_has_parity_arithmetic_and_provenance(repository: Path, views: CalibrationViews) -> None:
    manifest = json.loads((repository / MANIFEST).read_text())
    assert manifest["parity_with_torch"].keys() == {"fp32", "int8"}
    assert manifest["precision"] == {"classifier": "int8", "autoencoder": "fp32"}
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


@pytest.mark.heavy
def test_a_softmax_checkpoint_is_served_as_a_network_of_its_own(
    views: CalibrationViews, trained: Trained, tmp_path: Path
) -> None:
    checkpoints, decision = trained
    save_network(Findings(), tmp_path / "their.pt", views.image_size)
    theirs = replace(checkpoints, findings=tmp_path / "their.pt")
    exported = export_repository(ExportRequest(TARGETS["cuda"], views, theirs, decision), tmp_path / "repository")
    assert exported.card.findings.kind is FindingsKind.SOFTMAX
    files = {step.model: exported.path / step.model / "1" / "model.onnx" for step in exported.card.contract.steps}
    assert set(files) == {"classifier", "autoencoder", "findings"}
    np.testing.assert_allclose(run_onnx(files, exported.card.contract, views)["findings"].sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("same", [True, False], ids=["evaluated", "other weights"])
def test_thresholds_of_findings_are_those_of_the_exported_weights(
    same: bool, views: CalibrationViews, trained: Trained, tmp_path: Path
) -> None:
    checkpoints, decision = trained
    assert checkpoints.findings is not None
    measured = {
        "kind": "multi_label",
        "volume_rule": {"name": "maximum", "mm": None},
        "checkpoint_sha256": sha256(checkpoints.findings) if same else "0" * 64,
        "assessed": {"Emphysema": {"threshold": 0.7}},
        "not_assessed": {},
    }
    path = tmp_path / "decision.json"
    path.write_text(json.dumps(json.loads(decision.read_text()) | {"findings": measured}))
    exported = export_repository(ExportRequest(TARGETS["cuda"], views, checkpoints, path), tmp_path / "repository")
    assert dict(exported.card.findings.thresholds) == ({"Emphysema": 0.7} if same else {})


def test_findings_of_another_encoder_are_refused(views: CalibrationViews, trained: Trained, tmp_path: Path) -> None:
    checkpoints, decision = trained
    save_network(load_networks(Checkpoints(), views, seed=9).classifier, tmp_path / "other.pt", views.image_size)
    mixed = replace(checkpoints, classifier=tmp_path / "other.pt")
    with pytest.raises(InvalidCheckpoint, match="train findings --classifier"):
        export_repository(ExportRequest(TARGETS["cuda"], views, mixed, decision), tmp_path / "repository")


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
