"""The whole stage by its command: phantoms, tiny exported files, a page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screening.phantom.phantom_study import write_phantom
from tests.unit.training.tiny_networks import write_slices
from training.cli import app
from training.served.looks import Looks, counted_look


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A folder with card/ and runs/ after the stage."""
    root = tmp_path_factory.mktemp("studies")
    write_slices(root / "slices", groups=14)
    volumes = root / "volumes"
    write_phantom(volumes / "healthy", slices=40, size=128, nodule=False)
    write_phantom(volumes / "ill", slices=40, size=128, nodule=True)
    (volumes / "labels.csv").write_text("study,patient,label\nhealthy,healthy,0\nill,ill,1\n", "utf-8")
    left_out = {"dataset": "two", "side": "left out", "slices": 40, "auc": 0.8, "low": 0.7, "high": 0.9}
    run = root / "runs" / "without_two"
    run.mkdir(parents=True)
    (run / "run_evaluation.json").write_text(json.dumps({"lines": [left_out]}), "utf-8")
    (run / "settings.json").write_text("{}", "utf-8")
    data = ("--data", f"slices={root / 'slices'}", "--data", f"dicom={volumes}", "--held-out", "volumes")
    sizes = ("--lesion-mm", "20", "--solid", "1", "--others", "0")
    stage = ("evaluate-studies", "--repository", str(repository), *sizes, "--compare", "without_two")
    where = ("--runs", str(root / "runs"), "--size", "64", "--threads", "1", "--workers", "2")
    page = ("--report", str(root / "card" / "model-card.md"))
    result = CliRunner().invoke(app, [*data, *where, *stage, *page], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return root


def test_the_card_has_every_table(evaluated: Path) -> None:
    page = (evaluated / "card" / "model-card.md").read_text("utf-8")
    for part in (
        "## Whole studies as served",
        "## Painted lesions found",
        "## Does the heatmap point at the lesion",
        "## Stability of the verdict",
        "| all | ",
        "## Volume rules side by side",
        "**maximum**",
        "| percentile, 95 % |",
        "## Calibration as served",
        "## Data sets that training never saw",
        "| two | without_two | 40 | 0.800 (0.700-0.900) |",
        "looked at by this evaluation 1 times",
    ):
        assert part in page
    assert (evaluated / "card" / "model-card" / "detection.png").is_file()


def test_the_results_are_kept_as_plain_values(evaluated: Path) -> None:
    results = json.loads((evaluated / "runs" / "evaluation" / "served_evaluation.json").read_text("utf-8"))
    assert {one["study"] for one in results["volumes"]} == {"healthy", "ill"}
    assert {pair["study"] for pair in results["pairs"]} >= {"healthy", "ill", "healthy with 40 mm painted"}
    assert {one["lesion"]["diameter_mm"] for one in results["painted"]} == {20.0}
    for line in results["volumes"]:
        assert line["lowest_logit"] <= line["logit"] <= line["highest_logit"]
        assert 0.0 < line["probability"] < 1.0


def test_looks_are_counted_by_run_and_by_networks(tmp_path: Path) -> None:
    assert counted_look(tmp_path, "a", "balanced", "maximum") == Looks(1, 1)
    assert counted_look(tmp_path, "a", "balanced", "maximum") == Looks(2, 1)
    assert counted_look(tmp_path, "b", "balanced", "maximum") == Looks(3, 2)
