"""A snapshot of the model repository: who uses it, and when it is deleted."""

from pathlib import Path

import pytest

from engines.repository_snapshot import keep_snapshot, repository_snapshot


def test_it_exists_until_the_block_ends(tmp_path: Path) -> None:
    with repository_snapshot(tmp_path) as snapshot:
        assert snapshot.models.is_dir()
    assert not snapshot.folder.exists()


def test_snapshots_of_killed_owners_are_deleted_and_others_stay(tmp_path: Path) -> None:
    left = tmp_path / "served" / "networks-left"
    (left / "models").mkdir(parents=True)
    with repository_snapshot(tmp_path) as first, repository_snapshot(tmp_path) as second:
        assert first.folder.exists()
        assert second.folder != first.folder
        assert not left.exists()


def test_other_processes_may_keep_it(tmp_path: Path) -> None:
    with repository_snapshot(tmp_path) as snapshot:
        seen = [snapshot.in_use_by_others]
        with keep_snapshot(snapshot.folder), keep_snapshot(snapshot.folder):
            seen.append(snapshot.in_use_by_others)
        seen.append(snapshot.in_use_by_others)
    assert seen == [False, True, False]


def test_a_deleted_snapshot_cannot_be_kept(tmp_path: Path) -> None:
    with repository_snapshot(tmp_path) as snapshot:
        pass
    with pytest.raises(FileNotFoundError):
        keep_snapshot(snapshot.folder).__enter__()
