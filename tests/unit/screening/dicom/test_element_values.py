"""Element values: valid bytes by DICOM's rules, and NaN, None or "" for invalid ones."""

import math

import pytest
from pydicom.dataset import Dataset

from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.element_values import Elements, sequence_items
from screening.errors import BrokenDicom
from tests.dicom_factory import enhanced_ct, set_raw_value


def with_raw(keyword: str, value: bytes, vr: str | None = None) -> Elements:
    dataset = Dataset()
    set_raw_value(dataset, keyword, value, vr)
    return Elements(dataset)


@pytest.mark.parametrize(
    ("value", "numbers"),
    [(b"0.5\\0.25", (0.5, 0.25)), (b" 1e-1 \\+2 ", (0.1, 2.0)), (b"", ()), (b"\0\0", ()), (b"7", (7.0,))],
)
def test_decimal_strings(value: bytes, numbers: tuple[float, ...]) -> None:
    assert with_raw("PixelSpacing", value).decimals("PixelSpacing") == numbers


def test_a_decimal_comma_is_read() -> None:
    assert with_raw("PixelSpacing", b"1,5\\-2,25e1").decimals("PixelSpacing") == (1.5, -22.5)


@pytest.mark.parametrize("value", [b"NaN\\1", b"wide\\1", b"1,5,2\\1", b"1,024.5\\1", b"\xff\xfe\\1", b"\\1"])
def test_what_is_no_number_is_nan(value: bytes) -> None:
    first, second = with_raw("PixelSpacing", value).decimals("PixelSpacing")
    assert math.isnan(first)
    assert second == 1.0


def test_integers_by_sign_and_length() -> None:
    assert with_raw("PixelPaddingValue", b"\x00\x80", "SS").integer("PixelPaddingValue", signed=True) == -32768
    assert with_raw("PixelPaddingValue", b"\x00\x80", "US").integer("PixelPaddingValue") == 32768
    assert with_raw("Rows", b"\x01\x02\x00\x00", "UL").integer("Rows") == 513
    assert with_raw("Rows", b"\x01").integer("Rows") is None
    assert Elements(Dataset()).integer("Rows") is None


def test_an_absent_number_is_the_default_of_the_caller() -> None:
    assert Elements(Dataset()).decimal("RescaleIntercept", 3.0) == 3.0


def test_the_first_layer_that_has_the_element_decides() -> None:
    own, shared = Dataset(), Dataset()
    set_raw_value(own, "RescaleIntercept", b"-7")
    set_raw_value(shared, "RescaleIntercept", b"-8")
    set_raw_value(shared, "Rows", b"\x09\x00")
    layers = Elements(own, shared)
    assert (layers.decimal("RescaleIntercept", 0.0), layers.integer("Rows")) == (-7.0, 9)


def test_items_of_a_sequence_and_of_another_element() -> None:
    multi = enhanced_ct(3)
    assert len(sequence_items(multi, "PerFrameFunctionalGroupsSequence", HeaderReads(0))) == 3
    assert sequence_items(multi, "Modality", HeaderReads(0)) == ()
    assert sequence_items(multi, "ReferencedImageSequence", HeaderReads(0)) == ()


def test_a_sequence_of_damaged_bytes_is_broken() -> None:
    dataset = Dataset()
    set_raw_value(dataset, "PerFrameFunctionalGroupsSequence", b"\xfe\xff\x00\xe0\x10\x00")
    with pytest.raises(BrokenDicom):
        sequence_items(dataset, "PerFrameFunctionalGroupsSequence", HeaderReads(0))
    set_raw_value(dataset, "PlanePositionSequence", b"\0\0", "VQ")
    with pytest.raises(BrokenDicom):
        sequence_items(dataset, "PlanePositionSequence", HeaderReads(0))
