from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines.data_directories import build_if_missing, default_data, default_home


def test_home_is_the_folder_of_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TURNSTILE_HOME", str(tmp_path))
    assert default_home() == tmp_path


def test_home_is_in_the_cache_folder_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TURNSTILE_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_home() == tmp_path / "turnstile"


def test_data_are_never_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TURNSTILE_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert default_data() == tmp_path / "share" / "turnstile"
    monkeypatch.setenv("TURNSTILE_HOME", str(tmp_path / "home"))
    assert default_data() == tmp_path / "home" / "data"


def test_concurrent_calls_build_once(tmp_path: Path) -> None:
    built: list[Path] = []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "whole").touch()

    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: build_if_missing(tmp_path / "thing", build), range(8)))

    assert folders == {tmp_path / "thing"}
    assert len(built) == 1
    assert (tmp_path / "thing" / "whole").exists()


def test_a_build_that_fails_leaves_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("connection lost")

    with pytest.raises(RuntimeError, match="connection lost"):
        build_if_missing(tmp_path / "thing", fail)

    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == []
    assert build_if_missing(tmp_path / "thing", lambda folder: (folder / "whole").touch()).is_dir()
