"""Only the files that the model card of a repository lists are served."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.screening.model_repository import CARD, verified_copy
from gateway.settings.settings import ROOT
from screening.results.model_card import InvalidModelCard, ModelCard


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "model_repository", tmp_path / "repository")


def test_the_copy_is_whole(repository: Path, tmp_path: Path) -> None:
    card = verified_copy(repository, tmp_path / "copy")
    copied = {
        path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    assert copied == {CARD, *card.file_hashes}
    versions = [path.name for path in (tmp_path / "copy" / "screening").iterdir() if path.is_dir()]
    assert versions == [str(card.ensemble_version)], "the number that the gateway asks for"


def test_the_shipped_ensemble_has_the_version_of_its_weights() -> None:
    folder = ROOT / "model_repository"
    versions = [path.name for path in (folder / "screening").iterdir() if path.is_dir()]
    assert versions == [str(ModelCard.load(folder / CARD).ensemble_version)]


def test_other_weights_are_another_version() -> None:
    card = ModelCard.load(ROOT / "model_repository" / CARD)
    other = replace(card, file_hashes={**card.file_hashes, "classifier/1/model.onnx": "0" * 64})
    assert other.ensemble_version != card.ensemble_version
    assert replace(card, version="another").ensemble_version == card.ensemble_version


def test_files_that_the_card_does_not_list_are_not_copied(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "classifier" / "1", repository / "classifier" / "2")
    verified_copy(repository, tmp_path / "copy")
    assert not (tmp_path / "copy" / "classifier" / "2").exists()


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"another")])
def test_a_missing_or_changed_file_is_an_error(repository: Path, tmp_path: Path, harm: object) -> None:
    assert callable(harm)
    harm(repository / "autoencoder" / "1" / "model.onnx")
    with pytest.raises(InvalidModelCard, match=r"autoencoder/1/model\.onnx"):
        verified_copy(repository, tmp_path / "copy")


def test_a_card_cannot_name_files_outside_its_folder(repository: Path, tmp_path: Path) -> None:
    outside = repository.parent / "outside"
    outside.write_bytes(b"")
    card = json.loads((repository / CARD).read_text())
    card["file_hashes"]["../outside"] = hashlib.sha256(b"").hexdigest()
    (repository / CARD).write_text(json.dumps(card))
    with pytest.raises(InvalidModelCard, match="outside"):
        verified_copy(repository, tmp_path / "deep" / "copy")
