"""What evaluate-expert writes is bound to its checkpoint, and only validation sets the threshold."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from export.manifest import sha256
from screening.phantom.phantom_study import write_phantom
from screening.preparation import SeriesPreparation
from tests.unit.screening.studies import card_of
from training.cli import app
from training.datasets.entry import Entry
from training.networks import save_network
from training.networks.expert import Expert3d
from training.volume import expert_evaluation
from training.volume.block_cut import SIDE
from training.volume.expert_evaluation import (
    AIM_MM,
    MARGIN,
    RESULTS,
    RULES,
    ExpertEvaluation,
    evaluate_expert,
    threshold_by,
)
from training.volume.expert_marks import ExpertReading
from training.volume.held_out_volumes import NoValidation, held_out_volumes


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> ExpertEvaluation:
    folder = tmp_path_factory.mktemp("expert")
    save_network(Expert3d(), folder / "expert.pt", SIDE)
    card = replace(card_of(), view_spacing_mm=6.5)
    return ExpertEvaluation(folder / "expert.pt", card, 1, folder / "run", folder / "card" / "model-card.md")


def entry_of(folder: Path, patient: str) -> Entry:
    path = write_phantom(folder / f"{patient}.zip", slices=24, size=128, nodule=False)
    return Entry("judging", patient, patient, path, "study", 0)


def test_the_rules_are_of_the_checkpoint_and_its_validation(
    evaluation: ExpertEvaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spacings_mm: list[float] = []

    def recorded(self: SeriesPreparation, *args: Any) -> Any:
        spacings_mm.append(args[-1])
        return prepared(self, *args)

    prepared, logits = SeriesPreparation.prepared, itertools.count(1.0)
    monkeypatch.setattr(SeriesPreparation, "prepared", recorded)
    monkeypatch.setattr(expert_evaluation, "read", lambda *_: ExpertReading(next(logits), ()))
    monkeypatch.setattr(expert_evaluation, "SPACINGS", (1,))
    monkeypatch.setattr(expert_evaluation, "SERVED_MM", 20.0)
    monkeypatch.setattr(expert_evaluation, "SIZES_MM", (AIM_MM,))
    entries = [entry_of(tmp_path, "kept"), entry_of(tmp_path, "normal")]
    figures = evaluate_expert(held_out_volumes(entries, ["judging"], ["kept"]), evaluation, lambda _: None)
    assert [(one.name, one.logit) for one in figures.volumes] == [("kept", 1.0), ("normal", 3.0)]
    assert json.loads((evaluation.folder / RULES).read_text()) == {
        "checkpoint_sha256": sha256(evaluation.checkpoint),
        "slope": 4.0,
        "threshold": (1.0 + 2.0) / 2,
        "grey_zone": [0.0, 0.5],
        "farthest_mm": 20.0,
    }
    assert [(one.name, one.validation, one.logit) for one in figures.lesions] == [
        ("kept", True, 2),
        ("normal", False, 4),
    ]
    assert json.loads((evaluation.folder / RESULTS).read_text())["looks"] == {"runs": 1, "networks": 1}
    assert (evaluation.report.parent / "model-card" / "looks.csv").is_file()
    assert set(spacings_mm) == {evaluation.card.view_spacing_mm}


def test_a_volume_that_would_not_be_served_sets_no_threshold(
    evaluation: ExpertEvaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expert_evaluation, "read", lambda *_: ExpertReading(1.0, ()))
    monkeypatch.setattr(expert_evaluation, "SIZES_MM", ())
    held_out = held_out_volumes([entry_of(tmp_path, "kept")], ["judging"], ["kept"])
    with pytest.raises(NoValidation, match=r"6\.5 mm apart"):
        evaluate_expert(held_out, evaluation, lambda _: None)


@pytest.mark.parametrize(
    ("lesions", "threshold"),
    [
        ([9.0, 6.0, 8.0], 5.0),  # half way
        ([3.9, 6.0], 4.0 + MARGIN),  # one overlaps
        ([], 4.0 + MARGIN),
        ([5.0] + [9.0] * 40, 6.5),  # 19 of 20 are enough
    ],
)
def test_the_threshold_lies_between_normal_volumes_and_the_lesions_asked_for(
    lesions: list[float], threshold: float
) -> None:
    assert threshold_by([1.0, 4.0], lesions) == threshold


@pytest.mark.parametrize(("patient", "label"), [("other", 0), ("kept", 1)])
def test_without_a_normal_volume_for_validation_nothing_is_read(patient: str, label: int) -> None:
    nowhere = Entry("judging", patient, "study", Path("nowhere"), "study", label)
    with pytest.raises(NoValidation, match="kept"):
        held_out_volumes([nowhere], ["judging"], ["kept"])


@pytest.mark.parametrize(
    ("stage", "message"), [(("evaluate-expert",), "none is named"), (("volume", "--batch", "25"), "multiple of 10")]
)
def test_the_command_says_what_is_wrong_at_once(stage: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "labels.csv").write_text("study,patient,label\n")
    result = CliRunner().invoke(app, ["--data", f"dicom={tmp_path / 'studies'}", "--runs", str(tmp_path), *stage])
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("│", " ").split())
