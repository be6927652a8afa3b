"""One short run of every stage, from a folder of slices to a model card, through the command line."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from export.calibration_views import CalibrationViews
from export.manifest import sha256
from screening.contract import FINDINGS, FindingsKind
from screening.results.model_card import ModelCard
from tests.unit.training.drawn_teacher import drawn_maps
from tests.unit.training.tiny_networks import write_slices
from training import teacher_features
from training.cli import app
from training.networks import Classifier, InvalidCheckpoint, load_network
from training.simclr import load_encoder

FEW = ("--batch", "8", "--train-size", "64")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with slices/, runs/ and card/ after every stage."""
    root = tmp_path_factory.mktemp("training")
    write_slices(root / "slices")
    _stage(root, "prepare")
    _stage(root, "simclr", "--steps", "2", *FEW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teacher_features, "published", drawn_maps)
        _stage(root, "distil", "--steps", "2", *FEW)
        _stage(root, "distil", "--steps", "1", *FEW, "--name", "contrast_only", "--taught", "0")
    _stage(root, "autoencoder", "--steps", "3", "--batch", "8")
    _stage(root, "finetune", "--steps", "2", *FEW, "--encoder", str(root / "runs/simclr/encoder.pt"))
    _stage(root, "finetune", "--steps", "1", *FEW, "--name", "taught", "--distilled", "0.5")
    _stage(root, "finetune", "--steps", "1", *FEW, "--name", "baseline", "--depth", "34", "--only", "one")
    _stage(root, "evaluate-run", "--train-size", "64")
    _stage(root, "compare-runs", "--arm", "labels=finetune", "--arm", "same=finetune,finetune")
    classifier = str(root / "runs/finetune/classifier.pt")
    _stage(root, "findings", "--views", "48", "--train-size", "64", "--classifier", classifier)
    checkpoints = [
        part
        for name, folder in (("classifier", "finetune"), ("autoencoder", "autoencoder"), ("findings", "findings"))
        for part in (f"--{name}", str(root / "runs" / folder / f"{name}.pt"))
    ]
    _stage(root, "judge", "--train-size", "64", "--name", "baseline", held_out=("two",))
    compared = ("--compare", "finetune", "--compare", "baseline")
    _stage(root, "evaluate", *checkpoints, *compared, "--report", str(root / "card/model-card.md"))
    return root


def test_every_stage_writes_its_weights_and_its_log(trained: Path) -> None:
    for folder, weights in (
        ("simclr", "encoder.pt"),
        ("distil", "encoder.pt"),
        ("autoencoder", "autoencoder.pt"),
        ("finetune", "classifier.pt"),
    ):
        run = trained / "runs" / folder
        assert {weights, "log.csv", "log.png", "state.pt"} <= {path.name for path in run.iterdir()}
    for folder in ("simclr", "distil"):
        probed = json.loads((trained / "runs" / folder / "probe.json").read_text())
        assert set(probed) == {"linear_auc", "nearest_auc"}


def test_the_decision_parameters_are_a_model_card_without_file_hashes(trained: Path) -> None:
    decision = json.loads((trained / "runs/evaluation/decision.json").read_text())
    sizes = {"version": "1", "trained": True, "image_size": 64, "activation_size": 8, "error_map_size": 8}
    card = ModelCard.from_json(decision | sizes | {"file_hashes": {}})
    assert len(card.operating_points) == 5
    assert len(decision["provenance"]["checkpoints_sha256"]) == 3
    assert card.contract.findings_kind is FindingsKind.MULTI_LABEL
    assert not card.findings.thresholds  # ten patients of a data set are too few to tell a finding
    assert set(decision["findings"]["not_assessed"]) == set(FINDINGS)
    assert decision["findings"]["checkpoint_sha256"] == sha256(trained / "runs/findings/findings.pt")


def test_the_card_has_its_tables_and_figures(trained: Path) -> None:
    page = (trained / "card/model-card.md").read_text()
    for part in ("fusion", "autoencoder", "baseline", "Emphysema", "rule-out rate", "youden", "left out: "):
        assert part in page
    assert len(list((trained / "card/model-card").glob("*.png"))) == 5


def test_a_run_held_against_itself_does_not_differ(trained: Path) -> None:
    lines = (trained / "runs/comparison/comparison.md").read_text().splitlines()
    assert "against labels" in lines[0]
    assert "| same |" in lines[-1]
    assert lines[-1].count("+0.000 (+0.000 to +0.000)") == 2


def test_an_encoder_is_not_probed_without_a_data_set_of_both_classes(tmp_path: Path) -> None:
    manifest = write_slices(tmp_path / "slices", groups=8, datasets=("one",)) / "manifest.csv"
    pathological = [line for line in manifest.read_text().splitlines(keepends=True) if ",normal," not in line]
    manifest.write_text("".join(pathological))
    _stage(tmp_path, "simclr", "--steps", "1", *FEW)
    assert {path.name for path in (tmp_path / "runs/simclr").iterdir()} >= {"encoder.pt"}
    assert not (tmp_path / "runs/simclr/probe.json").exists()


def test_distil_needs_something_to_learn_from(trained: Path) -> None:
    with pytest.raises(AssertionError, match="nothing is left to learn"):
        _stage(trained, "distil", "--steps", "1", *FEW, "--contrast", "0", "--taught", "0")


def test_views_for_export_are_valid_calibration_views(trained: Path) -> None:
    _stage(trained, "views", "--count", "20", "--path", str(trained / "views.npz"))
    views = CalibrationViews.from_npz(trained / "views.npz")
    assert (len(views), views.image_size, set(views.studies.tolist())) == (20, 64, {0, 1})


def test_text_around_the_measured_part_is_kept(trained: Path) -> None:
    page = trained / "card/model-card.md"
    page.write_text(page.read_text().replace("# Model card", "# Model card\n\nWords."))
    before = page.read_text()
    assert before.count("## Findings") == 1


def test_a_stopped_run_resumes(trained: Path) -> None:
    _stage(trained, "autoencoder", "--steps", "5", "--batch", "8")
    assert torch.load(trained / "runs/autoencoder/state.pt", weights_only=True)["step"] == 5


def test_a_missing_key_fails(trained: Path, tmp_path: Path) -> None:
    for name, source in (("classifier.pt", "finetune/classifier.pt"), ("encoder.pt", "simclr/encoder.pt")):
        checkpoint = torch.load(trained / "runs" / source, weights_only=True)
        checkpoint["weights"].pop(next(iter(checkpoint["weights"])))
        torch.save(checkpoint, tmp_path / name)
    with pytest.raises(InvalidCheckpoint):
        load_network(Classifier, tmp_path / "classifier.pt")
    with pytest.raises(RuntimeError, match="Missing key"):
        load_encoder(tmp_path / "encoder.pt")


def test_finetune_wants_the_features_of_the_teacher_first(trained: Path) -> None:
    options = ("finetune", "--steps", "1", *FEW, "--name", "lost", "--distilled", "0.5", "--teacher", "nowhere")
    with pytest.raises(AssertionError, match="run the stage distil first"):
        _stage(trained, *options)


def _stage(root: Path, stage: str, *options: str, held_out: tuple[str, ...] = ()) -> None:
    data = ("--data", f"slices={root / 'slices'}", "--runs", str(root / "runs"))
    common = (*data, *(part for name in held_out for part in ("--held-out", name)), "--size", "64", "--threads", "1")
    result = CliRunner().invoke(app, [*common, stage, *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
