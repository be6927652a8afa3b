"""The header of a file: with or without preamble, in every encoding, and within the limits."""

import struct
import zlib
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from screening.dicom.element_values import Elements
from screening.dicom.part10 import FIRST_BYTES, pixel_bytes, read_file_header
from screening.errors import BrokenDicom, NotDicom, OverBudget, StudyError
from screening.intake.budgets import MIB, Budgets
from screening.intake.upload_members import Member
from tests.dicom_factory import ct_slice, set_raw_value, to_bytes

ENCODINGS = [
    (ExplicitVRLittleEndian, True),
    (ImplicitVRLittleEndian, True),
    (DeflatedExplicitVRLittleEndian, True),
    (ExplicitVRLittleEndian, False),
    (ImplicitVRLittleEndian, False),
]


def member_of(folder: Path, data: bytes) -> Member:
    path = folder / "file"
    path.write_bytes(data)
    return Member("file 1", path, len(data))


@pytest.mark.parametrize(("syntax", "preamble"), ENCODINGS)
def test_elements_and_pixels_are_found(tmp_path: Path, syntax: str, preamble: bool) -> None:
    slice_ = ct_slice(size=20)
    member = member_of(tmp_path, to_bytes(slice_, syntax, preamble=preamble))
    head = read_file_header(member, Budgets())
    assert (head.transfer_syntax, Elements(head.dataset).integer("Rows")) == (syntax, 20)
    assert head.pixels is not None
    assert pixel_bytes(member, head.pixels) == slice_.PixelData


def test_big_endian_is_read(real_data: Path) -> None:
    path = real_data / "dicom/transfer_syntaxes/BigEndianExplicit_1.2.840.10008.1.2.2.dcm"
    head = read_file_header(Member("file 1", path, path.stat().st_size), Budgets())
    assert (head.transfer_syntax, Elements(head.dataset).integer("Rows")) == (ExplicitVRBigEndian, 512)
    assert head.pixels is not None
    assert head.pixels.length == 512 * 512 * 2


def test_a_long_header_is_read_in_growing_chunks(tmp_path: Path) -> None:
    slice_ = ct_slice()
    slice_.add_new(0x00290010, "LO", "MAKER")
    slice_.add_new(0x00291010, "OB", bytes(20 * FIRST_BYTES))
    member = member_of(tmp_path, to_bytes(slice_))
    head = read_file_header(member, Budgets())
    assert head.pixels is not None
    assert pixel_bytes(member, head.pixels) == slice_.PixelData


def test_pixels_inside_a_sequence_are_not_the_pixels_of_the_slice(tmp_path: Path) -> None:
    icon = Dataset()
    icon.add_new(0x7FE00010, "OW", b"\1\0" * 8)
    slice_ = ct_slice()
    slice_.IconImageSequence = Sequence([icon])
    member = member_of(tmp_path, to_bytes(slice_))
    head = read_file_header(member, Budgets())
    assert head.pixels is not None
    assert pixel_bytes(member, head.pixels) == slice_.PixelData


def test_a_file_without_pixels_has_a_header(tmp_path: Path) -> None:
    assert read_file_header(member_of(tmp_path, to_bytes(ct_slice(PixelData=None))), Budgets()).pixels is None


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"just some text\n" * 50, b"\xff\xd8\xff\xe0" + bytes(400), b"%PDF-1.7" + bytes(400), bytes(1000)],
    ids=["empty", "byte", "text", "jpeg", "pdf", "zeros"],
)
def test_other_files_are_not_dicom(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotDicom):
        read_file_header(member_of(tmp_path, data), Budgets())


@pytest.mark.parametrize(("syntax", "preamble"), ENCODINGS)
def test_a_file_cut_off_anywhere_is_never_accepted_as_complete(tmp_path: Path, syntax: str, preamble: bool) -> None:
    data = to_bytes(ct_slice(size=8), syntax, preamble=preamble)
    for end in range(2, len(data) - 1):
        try:
            head = read_file_header(member_of(tmp_path, data[:end]), Budgets())
        except (BrokenDicom, NotDicom):
            continue
        assert head.pixels is None  # cut between two elements: a whole file without pixels, which no rule lets pass


def test_a_byte_changed_anywhere_raises_only_study_errors(tmp_path: Path) -> None:
    data = to_bytes(ct_slice(size=4))
    for position in range(132, len(data)):
        for change in (0xFF, 0x01):
            changed = data[:position] + bytes([data[position] ^ change]) + data[position + 1 :]
            try:
                read_file_header(member_of(tmp_path, changed), Budgets())
            except StudyError:
                continue


def test_a_deflated_bomb_is_refused(tmp_path: Path) -> None:
    bomb = to_bytes(ct_slice(), DeflatedExplicitVRLittleEndian)
    start = 132 + 12 + struct.unpack_from("<L", bomb, 140)[0]
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflater.compress(b"\x08\x00\x05\x00UN\0\0" + struct.pack("<L", 256 * MIB) + bytes(256 * MIB))
    member = member_of(tmp_path, bomb[:start] + packed + deflater.flush())
    with pytest.raises(OverBudget, match="inflates"):
        read_file_header(member, Budgets())


def test_sequences_nested_a_thousand_deep_are_refused(tmp_path: Path) -> None:
    opened = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    data = to_bytes(ct_slice(), preamble=False)
    with pytest.raises(BrokenDicom):
        read_file_header(member_of(tmp_path, opened * 5000 + data), Budgets())


def test_values_that_pydicom_would_quote_stay_out_of_logs_and_warnings(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    slice_ = ct_slice()
    set_raw_value(slice_, "SpecificCharacterSet", b"Surname^Name")
    set_raw_value(slice_, "SOPInstanceUID", b"Surname^Name")
    set_raw_value(slice_, "PatientBirthDate", b"Surname^Name")
    data = to_bytes(slice_)
    caplog.clear()
    recwarn.clear()
    read_file_header(member_of(tmp_path, data), Budgets())
    assert not caplog.records
    assert not recwarn.list


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_meta_header_that_names_no_transfer_syntax_is_read_by_its_data_set(tmp_path: Path, syntax: str) -> None:
    data = to_bytes(ct_slice(size=20), syntax)
    at = data.index(b"\x02\x00\x10\x00UI")
    length = struct.unpack_from("<H", data, at + 6)[0]
    head = read_file_header(member_of(tmp_path, data[:at] + data[at + 8 + length :]), Budgets())
    assert (head.transfer_syntax, Elements(head.dataset).integer("Rows")) == (syntax, 20)
    assert head.pixels is not None
