"""Intake: every form of an upload, and uploads that are refused."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest

from screening.dicom.headers import read_headers
from screening.errors import BrokenArchive, EmptyUpload, NotDicom, OverBudget, UnsafeMember
from screening.intake.budgets import MIB, Budgets
from screening.intake.upload import open_upload
from screening.intake.upload_members import Member
from tests.dicom_factory import folder_of, zip_of


def opened(path: Path, tmp_path: Path, budgets: Budgets | None = None) -> tuple[Member, ...]:
    return open_upload(path, tmp_path / "scratch", budgets or Budgets())


def contents(members: tuple[Member, ...]) -> list[bytes]:
    return sorted(member.read() for member in members)


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


FILES = {"one": b"first slice", "deep/er/two": b"second slice"}


def test_a_folder_a_zip_and_a_zip_without_extension_hold_the_same(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "folder", FILES)
    for upload in (folder, zip_of(tmp_path / "a.zip", FILES), zip_of(tmp_path / "noextension", FILES, stored=True)):
        assert contents(opened(upload, tmp_path)) == sorted(FILES.values())


def test_dicom_members_are_not_unpacked(tmp_path: Path) -> None:
    opened(zip_of(tmp_path / "a.zip", FILES), tmp_path)
    assert not (tmp_path / "scratch").exists()


def test_one_zip_inside_another_is_opened(tmp_path: Path) -> None:
    upload = zip_of(tmp_path / "outer", {"inner": zipped(FILES), "three": b"third slice"})
    members = opened(upload, tmp_path)
    assert contents(members) == sorted([*FILES.values(), b"third slice"])
    assert len({member.label for member in members}) == 3


def test_files_that_are_no_slices_are_opened_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening them is what 19,000 files of a byte cost: 9.5 s of a decode worker when each was opened three times."""
    path = tmp_path / "upload"
    path.write_bytes(zipped({f"viewer/{number}": b"x" for number in range(50)}))
    read: list[str] = []
    first_bytes = Member.first_bytes

    def counted(member: Member, length: int) -> bytes:
        read.append(member.label)
        return first_bytes(member, length)

    monkeypatch.setattr(Member, "first_bytes", counted)
    members = opened(path, tmp_path)
    with pytest.raises(NotDicom):
        read_headers(members, Budgets())
    assert len(read) == 1 + len(members) == 51


def test_zips_nested_deeper_are_refused(tmp_path: Path) -> None:
    upload = zip_of(tmp_path / "outer", {"inner": zipped({"innermost": zipped(FILES)})})
    with pytest.raises(OverBudget, match="nested"):
        opened(upload, tmp_path)
    assert contents(opened(upload, tmp_path, Budgets(nesting=2))) == sorted(FILES.values())


def test_the_members_of_all_archives_are_counted_together(tmp_path: Path) -> None:
    inner = zipped({str(index): b"x" for index in range(6)})
    with pytest.raises(OverBudget, match="more than 10 files"):
        opened(zip_of(tmp_path / "outer", {"a": inner, "b": inner}), tmp_path, Budgets(members=10))


@pytest.mark.parametrize("files", [{}, {"a": b"", "b": b""}])
def test_an_upload_without_a_byte_is_empty(tmp_path: Path, files: dict[str, bytes]) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    uploads = [zip_of(tmp_path / "a.zip", files), folder_of(tmp_path / "folder", files or {"a": b""}), empty]
    for upload in uploads:
        with pytest.raises(EmptyUpload):
            opened(upload, tmp_path)


def test_an_unreadable_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path / "study", {"1.dcm": b"readable"})
    locked = tmp_path / "study" / "locked"
    locked.mkdir()
    scandir = os.scandir

    def denied(path: Path) -> object:  # file modes do not stop root, who may run this test
        if Path(path) == locked:
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(UnsafeMember, match="cannot be read"):
        open_upload(tmp_path / "study", tmp_path / "scratch", Budgets())


@pytest.mark.parametrize("link_to", ["file", "folder"])
def test_links_in_a_folder_are_refused(tmp_path: Path, link_to: str) -> None:
    outside = folder_of(tmp_path / "outside", {"secret": b"secret"})
    folder = folder_of(tmp_path / "folder", FILES)
    (folder / "link").symlink_to(outside / "secret" if link_to == "file" else outside)
    with pytest.raises(UnsafeMember) as refusal:
        opened(folder, tmp_path)
    assert "secret" not in refusal.value.detail


def test_gzip_is_unpacked_within_its_budget(tmp_path: Path) -> None:
    upload = tmp_path / "scan.nii.gz"
    upload.write_bytes(gzip.compress(b"not NIfTI, but packed"))
    assert contents(opened(upload, tmp_path)) == [b"not NIfTI, but packed"]
    upload.write_bytes(gzip.compress(bytes(64 * MIB)))
    with pytest.raises(OverBudget):
        opened(upload, tmp_path)
    written = sum(path.stat().st_size for path in (tmp_path / "scratch").iterdir())
    assert written < 20 * MIB  # it stopped where the budget ended


def test_gzip_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    upload = tmp_path / "scan.nii.gz"
    upload.write_bytes(gzip.compress(bytes(range(256)) * 100)[:-20])
    with pytest.raises(BrokenArchive):
        opened(upload, tmp_path)


def test_links_are_followed_where_that_is_wanted(tmp_path: Path) -> None:
    """As in a data set that keeps its files elsewhere; links in a circle end."""
    store = folder_of(tmp_path / "store", {"a": b"one", "more/b": b"two"})
    study = tmp_path / "study"
    study.mkdir()
    (study / "1.dcm").symlink_to(store / "a")
    (study / "folder").symlink_to(store / "more")
    (study / "circle").symlink_to(study)
    members = opened(study, tmp_path, Budgets(follow_links=True))
    assert contents(members) == [b"one", b"two"]
    with pytest.raises(UnsafeMember, match="--follow-links"):
        opened(study, tmp_path)


def test_a_link_to_nowhere_is_refused_all_the_same(tmp_path: Path) -> None:
    study = folder_of(tmp_path / "study", {"a": b"one"})
    (study / "b").symlink_to("nowhere")
    with pytest.raises(UnsafeMember):
        opened(study, tmp_path, Budgets(follow_links=True))
