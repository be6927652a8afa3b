"""Data sets read fast, beside pydicom's `read_dataset`, its slow twin: the same elements, end and number of reads."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.data_set_reading import Encoding, UnknownVr, read_data_set
from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings
from screening.errors import HeaderOverBudget, OverBudget
from tests.dicom_factory import ct_slice, to_bytes

EXPLICIT, IMPLICIT = Encoding(False, True, strict=True), Encoding(True, True, strict=True)
BIG_ENDIAN = Encoding(False, False, strict=True)
BEFORE_PIXELS = range(0x7FE00008)
ITEM, END_OF_ITEM = b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0"
END_OF_SEQUENCE = b"\xfe\xff\xdd\xe0\0\0\0\0"
SEQUENCE = struct.pack("<HH2s2xL", 8, 0x1140, b"SQ", 0xFFFFFFFF)

Outcome = tuple[object, ...]


class ReadsWithRest(HeaderReads):
    @property
    def left(self) -> int:
        return self._left


def fast(data: bytes, encoding: Encoding, reads: ReadsWithRest) -> Outcome:
    read = read_data_set(data, 0, encoding, BEFORE_PIXELS, reads)
    return read.beyond, read.end, *content_of(read.dataset)


def slow(data: bytes, encoding: Encoding, reads: ReadsWithRest) -> Outcome:
    """What `part10` did before: pydicom alone, with the same question asked of every element."""
    beyond: list[tuple[int, str | None, int]] = []
    explicit = False

    def is_beyond(tag: int, vr: str | None, length: int) -> bool:
        nonlocal explicit
        if vr is None and explicit:
            raise UnknownVr
        explicit = explicit or (vr is not None and vr.isalpha() and vr.isupper())
        if int(tag) in BEFORE_PIXELS:
            return False
        beyond.append((int(tag), vr, length))
        return True

    file = reads.reader(data)
    with suppress_pydicom_warnings():
        dataset = read_dataset(file, encoding.implicit, encoding.little_endian, stop_when=is_beyond)
    return beyond[-1] if beyond else None, file.tell(), *content_of(dataset)


def content_of(dataset: Dataset) -> Outcome:
    elements = [described(dataset.get_item(tag, keep_deferred=True)) for tag in dataset.keys()]  # noqa: SIM118
    return elements, dataset.original_encoding, dataset.original_character_set


def described(element: Any) -> object:
    if isinstance(element, RawDataElement):
        return tuple(element)
    assert isinstance(element, DataElement)
    items = [content_of(item) for item in element.value] if isinstance(element.value, Sequence) else element.value
    return int(element.tag), element.VR, items, element.is_undefined_length


def outcome(reading: Callable[..., Outcome], data: bytes, encoding: Encoding) -> object:
    reads = ReadsWithRest(0)
    try:
        return reading(data, encoding, reads), reads.left
    except (UnknownVr, HeaderOverBudget, OverBudget, *PARSE_ERRORS) as error:
        return type(error)


def data_set(encoding: Encoding = EXPLICIT, **values: Any) -> bytes:
    content = to_bytes(
        ct_slice(size=8, **values), ImplicitVRLittleEndian if encoding.implicit else ExplicitVRLittleEndian
    )
    return content[144 + struct.unpack_from("<L", content, 140)[0] :]


def with_sequence(items: bytes) -> bytes:
    whole = data_set()
    at = whole.index(b"\x28\x00\x02\x00US")
    return whole[:at] + SEQUENCE + items + END_OF_SEQUENCE + whole[at:]


SETS = {
    "explicit": (data_set(), EXPLICIT),
    "implicit": (data_set(IMPLICIT), IMPLICIT),
    "explicit said to be implicit": (data_set(), IMPLICIT),
    "implicit said to be explicit": (data_set(IMPLICIT), EXPLICIT),
    "little endian said to be big": (data_set(), BIG_ENDIAN),
    "cyrillic": (data_set(SpecificCharacterSet="ISO_IR 192", PatientName="Ёлкин^Ян"), EXPLICIT),
    "two character sets": (data_set(SpecificCharacterSet=["", "ISO 2022 IR 87"]), EXPLICIT),
    "a sequence": (with_sequence(ITEM + data_set()[:60] + END_OF_ITEM), EXPLICIT),
    "a sequence of nothing": (with_sequence(b""), EXPLICIT),
    "without pixels": (data_set(PixelData=None), EXPLICIT),
    "nothing": (b"", EXPLICIT),
    "empty values": (data_set(PatientName="", WindowCenter=None), EXPLICIT),
}


@pytest.mark.parametrize("name", SETS)
def test_a_data_set_is_read_as_pydicom_reads_it(name: str) -> None:
    data, encoding = SETS[name]
    assert outcome(fast, data, encoding) == outcome(slow, data, encoding)


@settings(max_examples=400, deadline=None)
@given(
    name=st.sampled_from(sorted(SETS)),
    cut=st.integers(0, 1500),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
    put=st.sampled_from([b"", END_OF_ITEM, END_OF_SEQUENCE, SEQUENCE, SEQUENCE + ITEM, b"\x09\x00\x10\x10ZZ\0\0"]),
    at=st.integers(0, 10**6),
)
def test_a_damaged_data_set_is_read_as_pydicom_reads_it(
    name: str, cut: int, changes: list[tuple[int, int]], put: bytes, at: int
) -> None:
    data, encoding = SETS[name]
    damaged = bytearray(data[:cut] if cut < 1000 else data)
    at %= len(damaged) + 1
    damaged[at:at] = put
    for place, byte in changes:
        if damaged:
            damaged[place % len(damaged)] = byte
    assert outcome(fast, bytes(damaged), encoding) == outcome(slow, bytes(damaged), encoding)
