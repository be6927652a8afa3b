"""Names and numbers of the source, decoded and checked before they are written again."""

import pytest
from pydicom.charset import convert_encodings, encode_string
from pydicom.dataset import Dataset

from gateway.errors import NoDicomIdentity
from gateway.result_objects.source_identity import identity_of
from tests.dicom_factory import ct_slice, set_raw_value


def identity(**values: tuple[bytes, str] | bytes) -> Dataset:
    header = ct_slice()
    for keyword, value in values.items():
        set_raw_value(header, keyword, value if isinstance(value, bytes) else value[0])
    return identity_of(header, "2.25.2000")


def test_three_groups_of_a_name_in_the_character_sets_of_japan() -> None:
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    one = identity(SpecificCharacterSet=b"\\ISO 2022 IR 87", PatientName=_iso_2022(name))
    assert str(one.PatientName) == name
    assert one.SpecificCharacterSet == "ISO_IR 192"


def test_a_character_set_that_is_none_gives_some_text_and_no_error() -> None:
    assert str(identity(SpecificCharacterSet=b"KOI8 ", PatientName=b"\xf0\xc5\xd4\xd2").PatientName)


def test_control_characters_and_further_values_are_left_out() -> None:
    assert identity(PatientID=b"12\x0034\\56 ").PatientID == "1234"


@pytest.mark.parametrize(
    ("keyword", "value", "written"),
    [
        ("StudyDate", b"20260230", "20260230"),  # a day that is none is the source's to mend
        ("StudyDate", b"2026.02.03", "20260203"),
        ("StudyDate", b"20261301", ""),
        ("StudyTime", b"1234 ", "1234"),
        ("StudyTime", b"12:34 ", ""),
        ("PatientSex", b"W ", ""),
        ("AccessionNumber", b"12345678901234567 ", ""),
        ("StudyID", b"1234567890123456", "1234567890123456"),
    ],
)
def test_a_value_is_valid_or_empty(keyword: str, value: bytes, written: str) -> None:
    assert identity(**{keyword: value}).get(keyword) == written


def test_a_patient_id_is_never_cut() -> None:
    with pytest.raises(NoDicomIdentity):
        identity(PatientID=b"7" * 66)


def _iso_2022(name: str) -> bytes:
    encodings = convert_encodings(["", "ISO 2022 IR 87"])
    return b"=".join(encode_string(group, encodings) for group in name.split("="))
