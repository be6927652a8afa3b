"""A repository with another 3D expert, or without one, is what an export from the start would have written."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from export import expert_exchange
from export.cli import app
from export.errors import PlanFailed
from export.expert import ExportedExpert
from export.expert_exchange import exchange_expert
from export.manifest import file_hashes
from export.model_repository import MANIFEST, MODEL_CARD, ExportedRepository
from export.targets import TARGETS
from screening.results.model_card import InvalidModelCard, ModelCard


def test_taken_out_and_put_in_again(
    exported: ExportedRepository, with_expert: ExportedRepository, expert: ExportedExpert, tmp_path: Path
) -> None:
    without = exchange_expert(with_expert.path, None, tmp_path / "repository")
    assert without == exported.card
    assert contents(tmp_path / "repository") == contents(exported.path)
    assert manifest(tmp_path / "repository") == manifest(exported.path)
    again = exchange_expert(tmp_path / "repository", expert, tmp_path / "repository")  # in its own place
    assert again == with_expert.card
    assert contents(tmp_path / "repository") == contents(with_expert.path)
    assert manifest(tmp_path / "repository") == manifest(with_expert.path)


def test_what_is_refused_leaves_what_was_there(
    with_expert: ExportedRepository, expert: ExportedExpert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange_expert(with_expert.path, None, tmp_path / "repository")
    before = contents(tmp_path / "repository")
    (tmp_path / "rules.json").write_text("{}")
    with pytest.raises(InvalidModelCard):
        exchange_expert(
            with_expert.path, ExportedExpert(expert.checkpoint, tmp_path / "rules.json"), tmp_path / "repository"
        )
    monkeypatch.setattr(expert_exchange, "TARGETS", {"cpu": TARGETS["tensorrt"]})
    with pytest.raises(PlanFailed, match="export it anew"):
        exchange_expert(with_expert.path, expert, tmp_path / "repository")
    assert contents(tmp_path / "repository") == before
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == ["repository"]


@pytest.mark.parametrize("change", ["changed", "missing", "added"])
def test_a_repository_that_is_not_as_its_card_says_is_refused(
    change: str, exported: ExportedRepository, tmp_path: Path
) -> None:
    repository = shutil.copytree(exported.path, tmp_path / "repository")
    graph = repository / "classifier" / "1" / "model.onnx"
    match change:
        case "changed":
            graph.write_bytes(graph.read_bytes()[:-1] + b"x")
        case "missing":
            graph.unlink()
        case "added":
            graph = graph.with_name("other.onnx")
            graph.write_bytes(b"x")
    with pytest.raises(InvalidModelCard, match=rf"other files than its card names: classifier/1/{graph.name}$"):
        exchange_expert(repository, None, tmp_path / "output")
    assert not (tmp_path / "output").exists()


def test_the_command_says_what_it_wrote(with_expert: ExportedRepository, tmp_path: Path) -> None:
    arguments = ["expert", "--repository", str(with_expert.path), "--output", str(tmp_path / "repository")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    card = ModelCard.load(tmp_path / "repository" / MODEL_CARD)
    assert result.exit_code == 0
    assert f"{card.version}, without a 3D expert" in result.output
    refused = CliRunner().invoke(app, [*arguments, "--expert3d", str(tmp_path / "none.pt")])
    assert refused.exit_code == 1
    assert "takes both --expert3d and --expert-rules" in refused.output


def manifest(repository: Path) -> Any:
    """The manifest without what was measured: a network's sums may be taken in another order the second time."""
    return without_measured(json.loads((repository / MANIFEST).read_text()))


def without_measured(figures: Any) -> Any:
    if not isinstance(figures, dict):
        return figures
    return {key: without_measured(one) for key, one in figures.items() if not key.endswith("_difference")}


def contents(repository: Path) -> tuple[dict[str, str], list[str]]:
    """Hashes of the files that Triton reads, and the folders."""
    hashes = {name: one for name, one in file_hashes(repository).items() if name != MANIFEST}
    return hashes, sorted(folders(repository))


def folders(repository: Path) -> Iterator[str]:
    for path in repository.rglob("*"):
        if path.is_dir():
            yield path.relative_to(repository).as_posix()
