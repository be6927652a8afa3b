"""A server's own folder: who holds it, and what becomes of it."""

from pathlib import Path

import pytest

from engines.repository_snapshot import held, used


def test_it_is_there_for_the_block(tmp_path: Path) -> None:
    with held(tmp_path) as holding:
        assert holding.models.is_dir()
    assert not holding.folder.exists()


def test_what_a_dead_owner_left_is_swept_and_a_living_ones_stays(tmp_path: Path) -> None:
    left = tmp_path / "served" / "networks-left"
    (left / "models").mkdir(parents=True)
    (left / "owner.lock").touch()
    with held(tmp_path) as first, held(tmp_path) as second:
        assert first.folder.exists()
        assert second.folder != first.folder
        assert not left.exists()


def test_another_one_may_use_it(tmp_path: Path) -> None:
    with held(tmp_path) as holding:
        seen = [holding.used_by_others]
        with used(holding.folder), used(holding.folder):
            seen.append(holding.used_by_others)
        seen.append(holding.used_by_others)
    assert seen == [False, True, False]


def test_what_is_gone_cannot_be_used(tmp_path: Path) -> None:
    with held(tmp_path) as holding:
        pass
    with pytest.raises(FileNotFoundError):
        used(holding.folder).__enter__()
