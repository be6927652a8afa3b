from pathlib import Path

import pytest

from engines.errors import RepositoryInvalid
from engines.served_repository import served_repository


def _repository(folder: Path) -> Path:
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "config.pbtxt").touch()
    return folder


def test_a_shell_safe_path_is_served_directly(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "models")
    assert served_repository(repository, tmp_path) == repository


def test_a_path_that_a_shell_would_split_is_served_through_a_link(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "our model's folder")

    first, second = served_repository(repository, tmp_path), served_repository(repository, tmp_path)

    assert first == second
    assert " " not in str(first)
    assert first.resolve() == repository


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_folder_without_models_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RepositoryInvalid, match=r"config\.pbtxt"):
        served_repository(tmp_path / name, tmp_path)
