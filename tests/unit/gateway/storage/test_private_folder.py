"""The data folder: made for its owner alone, and closed when it was open."""

from pathlib import Path

from gateway.storage.private_folder import make_private


def modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert modes(make_private(tmp_path / "new" / "data")) == {0o700}


def test_an_open_folder_is_closed_with_all_that_is_in_it(tmp_path: Path) -> None:
    blob = tmp_path / "data" / "blobs" / "ab" / "blob"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"a patient's data")
    for path in (blob, *blob.parents[:3]):
        path.chmod(0o755)
    outside = tmp_path / "outside"
    outside.touch(0o644)
    (tmp_path / "data" / "link").symlink_to(outside)
    before = outside.stat().st_mode
    make_private(tmp_path / "data")
    assert {path.stat().st_mode & 0o077 for path in (blob, *blob.parents[:3])} == {0}
    assert blob.read_bytes() == b"a patient's data"
    assert outside.stat().st_mode == before, "a link is not followed"
