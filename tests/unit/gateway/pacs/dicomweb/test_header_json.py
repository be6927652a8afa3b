"""What is converted once for all headers of an upload is what each header alone would give."""

import io
from collections.abc import Sequence
from typing import Any, Literal

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from gateway.pacs.dicomweb.header_json import HeaderConverter
from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.part10 import FileHeader

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
# Few values of each, so that headers share some and differ in others: what decides others among them.
ELEMENTS: dict[str, tuple[Any, ...]] = {
    "SpecificCharacterSet": ("ISO_IR 100", "ISO_IR 144", "ISO_IR 192"),
    "PixelRepresentation": (0, 1),
    "BitsAllocated": (8, 16),
    "InstanceNumber": (1, 2),
    "ImagePositionPatient": ([0.0, 0.0, 1.5], [0.0, 0.0, 3.0]),
    "KVP": (120, 100.5),
}
RAW: dict[int, tuple[tuple[str, bytes], ...]] = {
    0x00100010: (("PN", b"Name^A"), ("PN", b"\xc4\xe9^B ")),
    0x00280106: (("US", b"\x01\xff"), ("SS", b"\xff\x01")),  # Smallest Image Pixel Value: its VR is another's matter
    0x00283002: (("US", b"\x00\x01\x00\xff\x10\x00"),),
    0x00090010: (("LO", b"SIEMENS CT VA0 COAD"), ("LO", b"NOBODY")),
    0x00091010: (("UN", b"\x01\x02"), ("LO", b"text")),
    0x00281050: (("DS", b"40\\80 "), ("DS", b"no number")),
    0x60003000: (("OW", b"\x01\x02"),),
    0x00189305: (
        ("FD", b"\x00\x00\x00\x00\x00\x00\xf8\x7f"),
        ("FD", b"\x3f\xf0\x00\x00\x00\x00\x00\x00"),
    ),  # NaN or 1.0
}
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(SYNTAXES),
        st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in ELEMENTS.items()}),
        st.fixed_dictionaries({}, optional={tag: st.sampled_from(values) for tag, values in RAW.items()}),
        st.sampled_from([None, False, True]),
        st.booleans(),
    ),
    min_size=2,
    max_size=6,
)


def header(
    syntax: str,
    elements: dict[str, Any],
    raw: dict[int, tuple[str, bytes]],
    undefined: bool | None,
    looked_at: bool = False,
) -> FileHeader:
    """The header as a file gives it: its elements are bytes, unless somebody has looked at them."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=["header"])
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    if undefined is not None:
        item = Dataset()
        item.SmallestImagePixelValue = 3 if elements.get("PixelRepresentation") == 0 else -3
        item[0x00280106].VR = "SS" if item.SmallestImagePixelValue < 0 else "US"
        dataset.ReferencedImageSequence = Items([item])
        dataset["ReferencedImageSequence"].is_undefined_length = undefined
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    buffer = io.BytesIO()
    little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True, little_endian=little, implicit_vr=implicit)
    for tag, (vr, value) in sorted(raw.items()):
        buffer.write(_element(tag, vr, value, little=little, implicit=implicit))
    read = pydicom.dcmread(io.BytesIO(buffer.getvalue()))
    if looked_at:
        assert read.get("PixelRepresentation") in (None, 0, 1)
    return FileHeader(read, str(syntax), None, HeaderReads(2**20))


def _element(tag: int, vr: str, value: bytes, *, little: bool, implicit: bool) -> bytes:
    """One encoded element, whatever its value is."""
    order: Literal["little", "big"] = "little" if little else "big"
    value += b" " * (len(value) % 2)
    head = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)
    if implicit:
        return head + len(value).to_bytes(4, order) + value
    if vr in {"OB", "OW", "UN", "SQ"}:
        return head + vr.encode() + bytes(2) + len(value).to_bytes(4, order) + value
    return head + vr.encode() + len(value).to_bytes(2, order) + value


@settings(max_examples=150)
@given(described=HEADERS)
def test_headers_together_are_as_each_alone(described: Sequence[tuple[Any, ...]]) -> None:
    together = HeaderConverter()
    for one in described:
        shared = together.json_of(header(*one))
        alone = HeaderConverter().json_of(header(*one))
        assert shared == alone


def test_an_element_that_recurs_is_one_object() -> None:
    converter = HeaderConverter()
    first, second = (
        converter.json_of(header(ExplicitVRLittleEndian, {"InstanceNumber": number, "KVP": 120}, {}, None))
        for number in (1, 2)
    )
    assert first["00180060"] is second["00180060"]
    assert (first["00200013"]["Value"], second["00200013"]["Value"]) == ([1], [2])


def test_a_broken_element_changes_no_other() -> None:
    number = {0x00280106: ("US", b"\xfe\xff")}
    converter = HeaderConverter()
    headers = [
        converter.json_of(header(ImplicitVRLittleEndian, {"PixelRepresentation": 1}, number | broken, None))
        for broken in ({0x00281050: ("DS", b"no number")}, {})
    ]
    assert [one["00280106"] for one in headers] == [{"vr": "SS", "Value": [-2]}] * 2
    assert ["00281050" in one for one in headers] == [False, False]


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_sequence_that_recurs_is_one_object(syntax: str, undefined: bool) -> None:
    converter = HeaderConverter()
    unsigned, again, signed = (
        converter.json_of(header(syntax, {"InstanceNumber": number, "PixelRepresentation": sign}, {}, undefined))
        for number, sign in ((1, 0), (2, 0), (3, 1))
    )
    assert unsigned["00081140"] is again["00081140"]
    numbers = [one["00081140"]["Value"][0]["00280106"]["Value"] for one in (unsigned, signed)]
    assert numbers == [[3], [-3]]


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_same_bytes_are_another_number_beside_another_pixel_representation(syntax: str, looked_at: bool) -> None:
    converter = HeaderConverter()
    raw = {0x00280106: ("US", b"\xfe\xff")}
    values = [
        converter.json_of(header(syntax, {"PixelRepresentation": signed}, raw, None, looked_at))["00280106"]
        for signed in (0, 1)
    ]
    if syntax == ImplicitVRLittleEndian:
        assert [(one["vr"], one["Value"]) for one in values] == [("US", [65534]), ("SS", [-2])]
    else:
        assert values[0] == values[1]
