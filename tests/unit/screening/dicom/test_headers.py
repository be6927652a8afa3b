"""Headers: one for each slice, single-frame or multi-frame, and a reason for each skipped file."""

import hashlib
import math
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from screening.dicom.headers import Headers, read_headers
from screening.dicom.slice_header import SliceHeader, is_uid
from screening.errors import BrokenArchive, BrokenDicom, NotDicom, OverBudget, StudyError
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.intake.upload_members import Member
from tests.dicom_factory import ct_series, ct_slice, enhanced_ct, folder_of, set_raw_value, to_bytes, to_files, zip_of


def headers_of(folder: Path, files: dict[str, bytes], budgets: Budgets | None = None) -> Headers:
    upload = folder_of(folder / "upload", files)
    return read_headers(open_upload(upload, folder / "scratch", budgets or Budgets()), budgets or Budgets())


def header_of(folder: Path, dataset: Dataset) -> SliceHeader:
    return headers_of(folder, {"file": to_bytes(dataset)}).slices[0]


def test_all_fields_of_a_single_frame_slice(tmp_path: Path) -> None:
    header = header_of(tmp_path, ct_slice(3, size=20, PixelPaddingValue=7, PixelPaddingRangeLimit=5))
    assert (header.study_uid, header.series_uid, header.sop_uid) == ("2.25.1000", "2.25.2000", "2.25.2000.4")
    assert (header.modality, header.kernel, header.original, header.localiser) == ("CT", "B30f", True, False)
    assert (header.position, header.spacing_mm) == ((-16.0, -16.0, 24.0), (1.0, 1.0))
    assert header.orientation == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    assert (header.rescale.slope, header.rescale.intercept, header.rescale.padding) == (1.0, -1024.0, (5, 7))
    assert header.pixels is not None
    assert (header.pixels.rows, header.pixels.columns, header.pixels.frame_bytes) == (20, 20, 800)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
def test_each_frame_of_an_enhanced_ct_has_its_own_position_and_rescale(tmp_path: Path, syntax: str) -> None:
    headers = headers_of(tmp_path, {"multi": to_bytes(enhanced_ct(5), syntax)})
    assert [one.frame for one in headers.slices] == [0, 1, 2, 3, 4]
    assert [one.position for one in headers.slices] == [(-16.0, -16.0, 8.0 * index) for index in range(5)]
    assert [one.rescale.intercept for one in headers.slices] == [-1024.0 + index for index in range(5)]
    assert {one.spacing_mm for one in headers.slices} == {(1.0, 1.0)}
    assert {one.kernel for one in headers.slices} == {"B30f"}


def test_frames_without_functional_groups_have_no_position(tmp_path: Path) -> None:
    multi = enhanced_ct(4, PerFrameFunctionalGroupsSequence=None)
    headers = headers_of(tmp_path, {"multi": to_bytes(multi)})
    assert [one.position for one in headers.slices] == [None] * 4


@pytest.mark.parametrize(
    ("keyword", "value", "attribute", "expected"),
    [
        ("ImagePositionPatient", b"", "position", None),
        ("ImagePositionPatient", b"0\\NaN\\0 ", "position", None),
        ("ImagePositionPatient", b"0\\0\\1e300 ", "position", None),
        ("ImagePositionPatient", b"0\\0 ", "position", None),
        ("ImageOrientationPatient", b"1\\0\\0\\0\\1 ", "orientation", None),
        ("PixelSpacing", b"1 ", "spacing_mm", None),
        ("PixelSpacing", b"0\\0 ", "spacing_mm", (0.0, 0.0)),
        ("Modality", b"Surname^Name", "modality", ""),
        ("GantryDetectorTilt", b"steep ", "gantry_tilt_deg", 0.0),
    ],
)
def test_wrong_values_become_none_or_harmless(
    tmp_path: Path, keyword: str, value: bytes, attribute: str, expected: Any
) -> None:
    slice_ = ct_slice()
    set_raw_value(slice_, keyword, value)
    assert getattr(header_of(tmp_path, slice_), attribute) == expected


def test_spacing_that_is_not_a_number_stays_nan_for_the_rules(tmp_path: Path) -> None:
    slice_ = ct_slice()
    set_raw_value(slice_, "PixelSpacing", b"NaN\\1 ")
    spacing = header_of(tmp_path, slice_).spacing_mm
    assert spacing is not None
    assert math.isnan(spacing[0])


def test_a_header_is_small_and_pickles_and_holds_no_name(tmp_path: Path) -> None:
    header = header_of(tmp_path, ct_slice(PatientName="Surname^Name", PatientID="12345"))
    packed = pickle.dumps(header)
    assert pickle.loads(packed) == header  # noqa: S301 - our own bytes
    assert len(packed) < 2000
    assert not any(word in packed for word in (b"Surname", b"12345", hashlib.sha256(b"12345").hexdigest().encode()))


def test_patients_are_distinguished_in_one_upload_and_never_across_uploads(tmp_path: Path) -> None:
    files = to_files([ct_slice(0), ct_slice(1), ct_slice(2, PatientID="other")])
    keys = [one.patient_key for one in headers_of(tmp_path, files).slices]
    assert len(set(keys)) == 2
    assert set(keys).isdisjoint(one.patient_key for one in headers_of(tmp_path, files).slices)


def test_what_is_no_slice_is_skipped_with_a_reason_and_without_its_name(tmp_path: Path) -> None:
    files = to_files(ct_series(3)) | {
        "Surname.txt": b"notes",
        "__MACOSX/._IM1": b"\0\5\x16\7" + bytes(80),
        "Surname.jpg": b"\xff\xd8\xff\xe0" + bytes(80),
        "broken.dcm": to_bytes(ct_slice(9))[:400],
        "copy.dcm": to_bytes(ct_slice(1)),
    }
    headers = headers_of(tmp_path, files)
    assert len(headers.slices) == 3
    assert sorted(one.code for one in headers.skipped) == ["broken_dicom", "duplicate", *["not_dicom"] * 3]
    assert "Surname" not in repr(headers.skipped)


def test_a_dicomdir_is_not_data(tmp_path: Path) -> None:
    directory = ct_slice(PixelData=None)
    set_raw_value(directory, "DirectoryRecordSequence", b"")
    headers = headers_of(tmp_path, to_files(ct_series(2)) | {"DICOMDIR": to_bytes(directory)})
    assert [one.code for one in headers.skipped] == ["not_dicom"]


def test_other_files_alone_are_not_dicom_and_fragments_alone_are_broken_dicom(tmp_path: Path) -> None:
    with pytest.raises(NotDicom):
        headers_of(tmp_path / "junk", {"a.txt": b"text"})
    with pytest.raises(BrokenDicom):
        headers_of(tmp_path / "broken", {"a.txt": b"text", "b": to_bytes(ct_slice())[:300]})


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"])
def test_a_header_that_declares_too_many_pixels_stops_the_upload(tmp_path: Path, syntax: str) -> None:
    huge = ct_slice(Rows=60_000, Columns=60_000)
    with pytest.raises(OverBudget):
        headers_of(tmp_path, {"huge": to_bytes(huge, syntax)})


def test_a_header_that_declares_too_many_frames_stops_the_upload(tmp_path: Path) -> None:
    with pytest.raises(OverBudget, match="frames"):
        headers_of(tmp_path, {"a": to_bytes(ct_slice(size=1, NumberOfFrames=100_000))})


@pytest.mark.parametrize(("declared", "unit"), [(None, "HU"), ("HU", "HU"), ("MGML", "MGML")])
def test_the_unit_is_hu_unless_the_header_says_otherwise(tmp_path: Path, declared: str | None, unit: str) -> None:
    assert header_of(tmp_path, ct_slice(RescaleType=declared)).rescale.unit == unit


@pytest.mark.parametrize("missing", ["Rows", "Columns", "PixelRepresentation", "SamplesPerPixel"])
def test_pixels_without_their_description_are_broken(tmp_path: Path, missing: str) -> None:
    slice_ = ct_slice()
    delattr(slice_, missing)
    with pytest.raises(BrokenDicom, match="pixels"):
        headers_of(tmp_path, {"a": to_bytes(slice_)})


def test_a_damaged_archive_is_an_error_of_the_whole_upload(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "upload.zip", to_files(ct_series(3), ImplicitVRLittleEndian))
    data = bytearray(path.read_bytes())
    data[60:80] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(BrokenArchive):
        read_headers(open_upload(path, tmp_path, Budgets()), Budgets())


@pytest.mark.parametrize(
    ("text", "valid"),
    [("1.2.840.10008.5", True), ("2.25.0", True), ("", False), ("1.2.", False), ("a.b", False), ("1" * 65, False),
     ("1.2\n", False), ("../../etc", False), ("1.02", True), ("\u0661.2", False)],
)  # fmt: skip
def test_what_a_uid_is(text: str, valid: bool) -> None:
    assert is_uid(text) is valid


def test_a_byte_changed_anywhere_in_functional_groups_raises_only_study_errors(tmp_path: Path) -> None:
    data = to_bytes(enhanced_ct(2, size=2))
    path = tmp_path / "file"
    for position in range(data.index(b"\x00\x52\x29\x92"), len(data) - 8):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0x13]) + data[position + 1 :])
        try:
            read_headers([Member("file 1", path, len(data))], Budgets())
        except StudyError:
            continue
