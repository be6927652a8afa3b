"""What is converted without pydicom is what pydicom gives; what is not plain is left to it."""

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from gateway.pacs.dicomweb.plain_values import plain_json
from screening.dicom.pydicom_logging import suppress_pydicom_warnings

TAGS = {
    "DA": 0x00080023,
    "TM": 0x00080033,
    "UI": 0x00080018,
    "DS": 0x00200032,
    "IS": 0x00200013,
    "FD": 0x00189313,
    "US": 0x00280107,
}
WRITTEN = st.text(alphabet="0123456789.-\\ \0+eE:", max_size=24).map(str.encode)
NUMBERS = st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3), min_size=1, max_size=3).map(
    lambda numbers: "\\".join(map(str, numbers)).encode()
)
BINARY = st.one_of(
    st.binary(max_size=24),
    st.lists(st.floats(), max_size=3).map(lambda values: struct.pack(f"<{len(values)}d", *values)),
)


@settings(max_examples=500)
@given(vr=st.sampled_from(sorted(TAGS)), value=st.one_of(WRITTEN, NUMBERS, BINARY), little_endian=st.booleans())
def test_a_plain_value_is_as_pydicom_gives_it(vr: str, value: bytes, little_endian: bool) -> None:
    plain = plain_json(vr, value, little_endian=little_endian)
    if plain is not None:
        assert json.dumps(plain, allow_nan=False) == json.dumps(by_pydicom(vr, value, little_endian=little_endian))


@pytest.mark.parametrize(
    ("vr", "value", "values"),
    [
        ("DA", b"20261128", ["20261128"]),
        ("TM", b"101112.25 ", ["101112.25"]),
        ("UI", b"1.2.840.10008.1.2\0", ["1.2.840.10008.1.2"]),
        ("DS", b"-152.705078125\\-0\\3 ", [-152.705078125, -0.0, 3.0]),
        ("IS", b"007 ", [7]),
        ("FD", struct.pack("<2d", 1.5, -2.0), [1.5, -2.0]),
        ("US", b"\x01\x00\xff\xff", [1, 65535]),
    ],
)
def test_what_is_plain(vr: str, value: bytes, values: list[object]) -> None:
    plain = {"vr": vr, "Value": values}
    assert plain_json(vr, value, little_endian=True) == plain == by_pydicom(vr, value, little_endian=True)


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("DS", b"1,5 "),
        ("DS", b"1e400 "),
        ("DS", b""),
        ("IS", b"1.0 "),
        ("UI", b"1.2\\3"),
        ("TM", b"10:11:12"),
        ("FD", struct.pack("<d", float("nan"))),
        ("FD", b"\0\0\0\0"),
        ("US", b"\0"),
        ("LO", b"text"),
        (None, b"text"),
    ],
)
def test_what_is_left_to_pydicom(vr: str | None, value: bytes) -> None:
    assert plain_json(vr, value, little_endian=True) is None


def by_pydicom(vr: str, value: bytes, *, little_endian: bool) -> object:
    tag = BaseTag(TAGS[vr])
    dataset = Dataset()
    dataset.set_original_encoding(False, little_endian, "latin_1")
    dataset[tag] = RawDataElement(tag, vr, len(value), value, 0, False, little_endian)
    with suppress_pydicom_warnings():
        return dataset.to_json_dict()[f"{tag:08X}"]


def test_the_tags_are_of_their_vr() -> None:
    assert {vr: dictionary_VR(tag).split(" or ")[0] for vr, tag in TAGS.items()} == {vr: vr for vr in TAGS}
