"""Sign and unused bits: every codec gives the HU that were stored, whatever stands in the bits beside the value."""

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import gdcm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from screening.dicom.codestream import CodestreamHeader
from screening.dicom.decoding import StoredValues, stored_values
from screening.dicom.headers import read_headers
from screening.dicom.part10 import PixelSpan
from screening.dicom.slice_header import PixelLayout
from screening.dicom.stored_bits import significant
from screening.errors import BrokenPixels
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member
from tests.dicom_factory import ct_slice, to_bytes

SIZE = 16
GDCM = {
    JPEGLSLossless: gdcm.TransferSyntax.JPEGLSLossless,
    JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    JPEG2000Lossless: gdcm.TransferSyntax.JPEG2000Lossless,
}
Values = NDArray[np.int64]


def made(values: Values, bits: int, signed: bool, above: int | Values = 0, below: int = 0) -> Dataset:
    """A slice of these values in so many bits; `above` is put into the bits above, `below` shifts the value up."""
    words = ((values & ((1 << bits) - 1)) << below) | above
    high = bits + below - 1
    return ct_slice(pixels=words & 0xFFFF, BitsStored=bits, HighBit=high, PixelRepresentation=int(signed))


def decoded(content: bytes) -> StoredValues:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "slice"
        path.write_bytes(content)
        return stored_values(read_headers([Member("file 1", path, len(content))], Budgets()).slices[0])


def compressed(slice_: Dataset, syntax: UID, signed_stream: bool) -> bytes:
    """The file with its 16 bits compressed as they are, and the header that it had."""
    header = {keyword: slice_[keyword].value for keyword in ("BitsStored", "HighBit", "PixelRepresentation")}
    slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 15, int(signed_stream)
    slice_.PixelData = encapsulate([frame_of(slice_, syntax)], has_bot=False)
    slice_["PixelData"].is_undefined_length = True
    for keyword, value in header.items():
        setattr(slice_, keyword, value)
    return to_bytes(slice_, syntax)


def frame_of(slice_: Dataset, syntax: UID) -> bytes:
    with TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "plain", Path(folder) / "packed"
        plain.write_bytes(to_bytes(slice_))
        if syntax == RLELossless:
            whole = dcmread(plain)
            whole.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
            return next(generate_frames(whole.PixelData, number_of_frames=1))
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(plain))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(GDCM[syntax]))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(packed))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return next(generate_frames(dcmread(io.BytesIO(packed.read_bytes())).PixelData, number_of_frames=1))


def values_of(bits: int, signed: bool) -> st.SearchStrategy[Values]:
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return arrays.arrays(np.int64, (SIZE, SIZE), elements=st.integers(low, high))


KINDS = st.tuples(st.integers(9, 16), st.booleans()).flatmap(
    lambda kind: st.tuples(st.just(kind[0]), st.just(kind[1]), values_of(*kind))
)


def native(slice_: Dataset, _signed: bool) -> bytes:
    return to_bytes(slice_)


def by(syntax: UID) -> Callable[[Dataset, bool], bytes]:
    return lambda slice_, signed: compressed(slice_, syntax, signed)


CODECS = [native, *(by(syntax) for syntax in (*GDCM, RLELossless))]


@pytest.mark.parametrize("codec", CODECS)
@settings(max_examples=25, deadline=None)
@given(kind=KINDS, extended=st.booleans(), signed_stream=st.booleans())
def test_the_sign_comes_back_extended_or_not(
    codec: Callable[[Dataset, bool], bytes],
    kind: tuple[int, bool, Values],
    extended: bool,
    signed_stream: bool,
) -> None:
    bits, signed, values = kind
    above = np.where(values < 0, 0xFFFF << bits, 0) if extended else 0
    slice_ = ct_slice(
        pixels=((values & ((1 << bits) - 1)) | above) & 0xFFFF,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(signed),
    )
    np.testing.assert_array_equal(decoded(codec(slice_, signed_stream and signed)), values)


@settings(max_examples=25, deadline=None)
@given(kind=KINDS, overlay=arrays.arrays(np.bool_, (SIZE, SIZE)))
def test_an_overlay_above_the_value_is_no_part_of_it(
    kind: tuple[int, bool, Values], overlay: NDArray[np.bool_]
) -> None:
    bits, signed, values = kind
    above = np.where(overlay, (1 << bits) & 0xFFFF, 0)
    np.testing.assert_array_equal(decoded(to_bytes(made(values, bits, signed, above=above))), values)


@pytest.mark.parametrize("codec", [native, by(JPEGLSLossless), by(RLELossless)])
@settings(max_examples=25, deadline=None)
@given(signed=st.booleans(), data=st.data())
def test_values_at_the_high_end_of_their_bits(
    codec: Callable[[Dataset, bool], bytes], signed: bool, data: st.DataObject
) -> None:
    """12 bits stored with High Bit 15."""
    values = data.draw(values_of(12, signed))
    np.testing.assert_array_equal(decoded(codec(made(values, 12, signed, below=4), False)), values)


def test_a_high_bit_that_the_pixels_deny_is_not_believed() -> None:
    values = np.arange(SIZE * SIZE).reshape(SIZE, SIZE)
    slice_ = made(values, 12, False)
    slice_.HighBit = 15
    np.testing.assert_array_equal(decoded(to_bytes(slice_)), values)


def test_metal_beyond_the_bits_that_are_told_stays_dense() -> None:
    """HU with sign to 3071 under Bits Stored 12, which ends at 2047: the sign is extended, so nothing is lost."""
    values = np.full((SIZE, SIZE), -1000, np.int16)
    values[0, 0] = 3071
    slice_ = ct_slice(pixels=values.view("u2"), BitsStored=12, HighBit=11, PixelRepresentation=1)
    np.testing.assert_array_equal(decoded(to_bytes(slice_)), values)


def test_a_stream_that_knows_its_sign_is_believed() -> None:
    layout = PixelLayout("", PixelSpan(0, None), 1, 2, 1, 1, "MONOCHROME2", 16, 12, False, 11)
    stream = CodestreamHeader(1, 2, 1, 12, True, ())
    given_ = np.array([[0x0C18, 5]], np.uint16)  # -1000 in 12 bits
    assert significant(given_, layout, stream).tolist() == [[-1000, 5]]


@pytest.mark.parametrize("stored", [0, 17, 24])
def test_impossible_bits_are_refused_by_name(stored: int) -> None:
    layout = PixelLayout("", PixelSpan(0, None), 1, 1, 1, 1, "MONOCHROME2", 16, stored, False, stored - 1)
    with pytest.raises(BrokenPixels, match="Bits Stored"):
        significant(np.zeros((1, 1), np.uint16), layout)
