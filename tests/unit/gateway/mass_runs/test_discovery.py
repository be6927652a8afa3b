"""The uploads that are discovered in a path."""

import os
import shutil
from pathlib import Path

from gateway.mass_runs.discovery import discover
from tests.dicom_factory import ct_series, to_bytes

DICOM = bytes(128) + b"DICM"


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_folder_of_dicom_is_one_upload(tmp_path: Path) -> None:
    put(tmp_path / "1.dcm", DICOM)
    put(tmp_path / "notes.txt", b"text")
    put(tmp_path / "series" / "2.dcm", DICOM)
    assert discover([tmp_path]).uploads == (tmp_path,)


def test_a_bare_data_set_is_dicom(tmp_path: Path) -> None:
    put(tmp_path / "1", b"\x08\x00\x05\x00CS")
    assert discover([tmp_path]).uploads == (tmp_path,)


def test_each_child_of_any_other_folder_is_one_upload(tmp_path: Path) -> None:
    first = put(tmp_path / "a" / "1.dcm", DICOM).parent
    nested = put(tmp_path / "b" / "series" / "1.dcm", DICOM).parent.parent
    archive = put(tmp_path / "c", b"PK\x03\x04")
    nifti = put(tmp_path / "d.nii.gz", b"\x1f\x8b")
    put(tmp_path / ".hidden", DICOM)
    text = put(tmp_path / "labels.csv", b"path,label")
    items = discover([tmp_path])
    assert items.uploads == (first, nested, archive, nifti)
    assert items.passed_over == (text,)


def test_the_series_of_one_study_in_folders_of_their_own_are_one_upload(tmp_path: Path) -> None:
    for name, study in (("soft", "2.25.1"), ("sharp", "2.25.1"), ("later", "2.25.2")):
        put(tmp_path / name / "1.dcm", to_bytes(ct_series(1, StudyInstanceUID=study)[0]))
    assert discover([tmp_path]).uploads == tuple(tmp_path / name for name in ("later", "sharp", "soft"))
    shutil.rmtree(tmp_path / "later")
    assert discover([tmp_path]).uploads == (tmp_path,)


def test_notes_beside_the_series_of_one_study_do_not_make_a_collection_of_them(tmp_path: Path) -> None:
    for name in ("SE1", "SE2"):
        put(tmp_path / name / "1.dcm", to_bytes(ct_series(1, StudyInstanceUID="2.25.1")[0]))
    put(tmp_path / "notes" / "read me.txt", b"text")
    assert discover([tmp_path]).uploads == (tmp_path,)
    put(tmp_path / "notes" / "another.zip", b"PK\x03\x04")
    assert len(discover([tmp_path]).uploads) == 3


def test_a_file_that_was_named_is_an_upload_whatever_it_is(tmp_path: Path) -> None:
    text = put(tmp_path / "labels.csv", b"path,label")
    assert discover([text, text]).uploads == (text,)


def test_pipes_and_sockets_are_passed_over_unopened(tmp_path: Path) -> None:
    archive = put(tmp_path / "a", b"PK\x03\x04")
    pipe, nowhere = tmp_path / "b.dcm", tmp_path / "c.dcm"
    os.mkfifo(pipe)
    nowhere.symlink_to("nowhere")
    items = discover([tmp_path])
    assert items.uploads == (archive,)
    assert items.passed_over == (pipe, nowhere)
