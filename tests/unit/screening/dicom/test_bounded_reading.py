"""Headers made to take long: each way to write very many elements is refused after the reads that its size allows."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from screening.dicom import bounded_reading
from screening.dicom.bounded_reading import BYTES_PER_READ, READS, HeaderReads
from screening.dicom.element_values import sequence_items
from screening.dicom.headers import read_headers
from screening.dicom.part10 import read_file_header
from screening.errors import BrokenDicom, HeaderOverBudget, OverBudget
from screening.intake.budgets import Budgets
from screening.intake.upload import open_upload
from screening.intake.upload_members import Member
from tests.dicom_factory import ct_series, ct_slice, enhanced_ct, folder_of, to_bytes, to_files

FEW = 2_000  # reads free of charge in these tests
MANY = 3_000  # elements
EXPLICIT, IMPLICIT = struct.Struct("<HH2sH"), struct.Struct("<HHL")
EMPTY = EXPLICIT.pack(0x0009, 0x1010, b"LO", 0)
DEFINED_ITEM, UNDEFINED_ITEM = b"\xfe\xff\x00\xe0\0\0\0\0", b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
END_OF_ITEM, END_OF_SEQUENCE = b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
FRAME_GROUPS = 0x5200, 0x9230  # Per-frame Functional Groups Sequence


def undefined(group: int, element: int, vr: bytes, items: bytes) -> bytes:
    return struct.pack("<HH2s2xL", group, element, vr, 0xFFFFFFFF) + items + END_OF_SEQUENCE


def defined(group: int, element: int, vr: bytes, items: bytes) -> bytes:
    return struct.pack("<HH2s2xL", group, element, vr, len(items)) + items


def spliced(content: bytes, more: bytes, before: bytes) -> bytes:
    at = content.index(before)
    return content[:at] + more + content[at:]


def with_elements(more: bytes) -> bytes:
    return spliced(to_bytes(ct_slice()), more, b"\x28\x00\x02\x00US")


def deflated(more: bytes) -> bytes:
    packed = to_bytes(ct_slice(), DeflatedExplicitVRLittleEndian)
    start = 132 + 12 + struct.unpack_from("<L", packed, 140)[0]
    data_set = spliced(zlib.decompress(packed[start:], -15), more, b"\x28\x00\x02\x00US")
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packed[:start] + deflater.compress(data_set) + deflater.flush()


WAYS: dict[str, Callable[[], bytes]] = {
    "empty elements": lambda: with_elements(EMPTY * MANY),
    "elements of a value": lambda: with_elements((EXPLICIT.pack(0x0009, 0x1010, b"LO", 2) + b"ab") * MANY),
    "elements of the meta header": lambda: spliced(
        to_bytes(ct_slice()), EXPLICIT.pack(2, 3, b"UI", 0) * MANY, b"\x02\x00\x10\x00UI"
    ),
    "items of defined length": lambda: with_elements(undefined(0x0008, 0x1140, b"SQ", DEFINED_ITEM * MANY)),
    "items of undefined length": lambda: with_elements(
        undefined(0x0008, 0x1140, b"SQ", (UNDEFINED_ITEM + END_OF_ITEM) * MANY)
    ),
    "a private sequence sent as UN": lambda: with_elements(
        undefined(0x0009, 0x1010, b"UN", (UNDEFINED_ITEM + IMPLICIT.pack(8, 0x50, 0) + END_OF_ITEM) * MANY)
    ),
    "elements of one item": lambda: with_elements(
        undefined(0x0008, 0x1140, b"SQ", UNDEFINED_ITEM + EMPTY * MANY + END_OF_ITEM)
    ),
    "functional groups": lambda: spliced(
        to_bytes(ct_slice()), defined(*FRAME_GROUPS, b"SQ", DEFINED_ITEM * MANY), b"\xe0\x7f\x10\x00"
    ),
    "frames without a header of their own": lambda: to_bytes(ct_slice(size=2, NumberOfFrames=MANY)),
    "slices of a NIfTI file": lambda: nibabel.Nifti1Image(np.zeros((1, 1, MANY), np.int16), np.eye(4)).to_bytes(),
    "a deflated data set": lambda: deflated(EMPTY * MANY),
    "implicit VR": lambda: spliced(
        to_bytes(ct_slice(), ImplicitVRLittleEndian), IMPLICIT.pack(0x0009, 0x1010, 0) * MANY, b"\x28\x00\x02\x00"
    ),
}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_reading, "READS", FEW)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("way", WAYS)
def test_an_upload_of_too_many_elements_is_refused(tmp_path: Path, way: str) -> None:
    content = WAYS[way]()
    folder = folder_of(tmp_path / "upload", {str(number): content for number in range(8)})
    with pytest.raises(OverBudget):
        read_headers(open_upload(folder, tmp_path, Budgets()), Budgets(), sent_bytes=1000)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("way", WAYS)
def test_one_such_file_is_skipped_and_the_slices_beside_it_are_read(tmp_path: Path, way: str) -> None:
    slices = to_files(ct_series(8))
    folder = folder_of(tmp_path / "upload", {**slices, "hostile": WAYS[way]()})
    headers = read_headers(open_upload(folder, tmp_path, Budgets()), Budgets(), sent_bytes=10**7)
    assert [one.code for one in headers.skipped] == ["header_over_budget"]
    assert len(headers.slices) == len(slices)


@pytest.mark.usefixtures("few")
def test_one_such_file_alone_has_an_error_of_its_own(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "upload", {"hostile": WAYS["empty elements"]()})
    with pytest.raises(HeaderOverBudget):
        read_headers(open_upload(folder, tmp_path, Budgets()), Budgets(), sent_bytes=10**7)


@pytest.mark.usefixtures("few")
@settings(max_examples=60, deadline=None)
@given(
    depth=st.integers(0, 12),
    elements=st.integers(0, 1200),
    items=st.integers(0, 800),
    undefined_length=st.booleans(),
    implicit=st.booleans(),
)
def test_what_is_read_holds_no_more_elements_and_items_than_were_allowed(
    depth: int, elements: int, items: int, undefined_length: bool, implicit: bool
) -> None:
    """At whatever depth they stand, and however lengths are written: one read each is the least that pydicom does."""
    element = IMPLICIT.pack(0x0009, 0x1010, 0) if implicit else EMPTY
    value = nested(element * elements + element, DEFINED_ITEM * items, depth, undefined_length, implicit)
    reads = HeaderReads(0)
    dataset = read_sequence_value(value, implicit)
    try:
        sequence_items(dataset, "PerFrameFunctionalGroupsSequence", reads)
    except OverBudget:
        return
    except BrokenDicom:
        pass
    parsed = (elements if depth == 0 or undefined_length else 0) + (items if depth == 0 else 0)
    assert parsed <= FEW


def nested(elements: bytes, items: bytes, depth: int, undefined_length: bool, implicit: bool) -> bytes:
    """Items, of which the first holds elements, below `depth` sequences of one item."""
    first = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(elements)) + elements
    value = first + items
    for _ in range(depth):
        length = 0xFFFFFFFF if undefined_length else len(value)
        end = END_OF_SEQUENCE if undefined_length else b""
        head = IMPLICIT.pack(8, 0x1140, length) if implicit else struct.pack("<HH2s2xL", 8, 0x1140, b"SQ", length)
        inner = head + value + end
        value = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(inner)) + inner
    return value


def read_sequence_value(value: bytes, implicit: bool) -> Any:
    dataset = Dataset()
    tag = BaseTag(FRAME_GROUPS[0] << 16 | FRAME_GROUPS[1])
    dataset[tag] = RawDataElement(tag, None if implicit else "SQ", len(value), value, 0, implicit, True)
    return dataset


def test_a_slice_takes_a_small_part_of_the_reads_that_are_free(tmp_path: Path) -> None:
    assert spent(tmp_path, to_bytes(ct_slice())) < READS / 500


def test_a_frame_takes_fewer_reads_than_its_pixels_allow(tmp_path: Path) -> None:
    """Frames of 512 x 512 packed 20 to 1: such a file of any length is read."""
    frames = 64
    assert spent(tmp_path, to_bytes(enhanced_ct(frames))) / frames < 512 * 512 * 2 / 20 / BYTES_PER_READ


def spent(folder: Path, content: bytes) -> int:
    path = folder / "file"
    path.write_bytes(content)
    reads = SpentReads(0)
    head = read_file_header(Member("file 1", path, len(content)), Budgets(), reads)
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in sequence_items(head.dataset, keyword, reads):
            for macro in group:
                sequence_items(group, macro.keyword, reads)
    assert head.transfer_syntax == ExplicitVRLittleEndian
    return READS - reads.left


class SpentReads(HeaderReads):
    """Reads of which is told how many are left."""

    @property
    def left(self) -> int:
        return self._left
