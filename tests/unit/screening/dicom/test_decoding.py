"""Decoding: every syntax with a decoder; lossless syntaxes give equal HU; an incomplete slice is refused."""

import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames, get_frame
from pydicom.filereader import dcmread
from pydicom.uid import MPEG2MPML, RLELossless

from screening.dicom.decoding import stored_values
from screening.dicom.headers import read_headers
from screening.dicom.hu import to_hu
from screening.dicom.lossless_decoding import LOSSLESS_DECODERS
from screening.dicom.slice_header import SliceHeader
from screening.dicom.transfer_syntaxes import DECODERS, NATIVE, syntax_label
from screening.errors import BrokenPixels, NoPixelData, UnsupportedTransferSyntax
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member
from tests.dicom_factory import ct_slice, enhanced_ct, to_bytes

LOSSLESS = [
    "BigEndianExplicit_1.2.840.10008.1.2.2",
    "DeflatedExplicitVRLittleEndian_1.2.840.10008.1.2.1.99",
    "JPEG2000LosslessOnly_1.2.840.10008.1.2.4.90",
    "JPEGLSLossless_1.2.840.10008.1.2.4.80",
    "JPEGProcess14SV1_1.2.840.10008.1.2.4.70",
    "JPEGProcess14_1.2.840.10008.1.2.4.57",
    "LittleEndianExplicit_1.2.840.10008.1.2.1",
    "LittleEndianImplicit_1.2.840.10008.1.2",
    "RLELossless_1.2.840.10008.1.2.5",
]
# file -> mean absolute difference of its HU from the original's, lost by its encoder
LOSSY = {
    "JPEG2000_1.2.840.10008.1.2.4.91": 4,
    "JPEGLSLossy_1.2.840.10008.1.2.4.81": 2,
    "JPEGProcess10_12_1.2.840.10008.1.2.4.55": 8,
    "JPEGProcess1_1.2.840.10008.1.2.4.50": 20,
    "JPEGProcess2_4_1.2.840.10008.1.2.4.51": 8,
    "JPEGProcess6_8_1.2.840.10008.1.2.4.53": 8,
}
COMPRESSED = [name for name in (*LOSSLESS, *LOSSY) if re.search(r"_1\.2\.840\.10008\.1\.2\.[45]", name)]


def header_of(path: Path) -> SliceHeader:
    return read_headers([Member("file 1", path, path.stat().st_size)], Budgets()).slices[0]


def hu_of(header: SliceHeader) -> NDArray[np.int16]:
    return to_hu(stored_values(header), header.rescale)


@pytest.fixture
def syntaxes(real_data: Path) -> Path:
    return real_data / "dicom" / "transfer_syntaxes"


@pytest.fixture
def original(syntaxes: Path) -> NDArray[np.int16]:
    return hu_of(header_of(syntaxes / f"{LOSSLESS[-3]}.dcm"))


@pytest.mark.parametrize("name", LOSSLESS)
def test_hu_are_equal_between_lossless_syntaxes(syntaxes: Path, original: NDArray[np.int16], name: str) -> None:
    np.testing.assert_array_equal(hu_of(header_of(syntaxes / f"{name}.dcm")), original)


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_syntaxes_stay_near(syntaxes: Path, original: NDArray[np.int16], name: str) -> None:
    hu = hu_of(header_of(syntaxes / f"{name}.dcm"))
    body = original > -1000
    assert np.abs(hu[body].astype(int) - original[body]).mean() < LOSSY[name]


def test_all_available_files_are_tried(syntaxes: Path) -> None:
    tried = {f"{name}.dcm" for name in (*LOSSLESS, *LOSSY)}
    others = {"CT0012.fragmented_no_bot_jpeg_baseline.51.dcm", "no-pixel-data.dcm", "no-pixel-spacing.dcm"}
    assert {path.name for path in syntaxes.iterdir()} == tried | others


def test_fragments_without_an_offset_table_make_whole_slices(syntaxes: Path) -> None:
    path = syntaxes / "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm"
    first, second = read_headers([Member("file 1", path, path.stat().st_size)], Budgets()).slices
    assert stored_values(first).shape == stored_values(second).shape == (512, 512)
    assert stored_values(first).std() > 0


def test_a_file_without_pixels_says_so(syntaxes: Path) -> None:
    with pytest.raises(NoPixelData):
        stored_values(header_of(syntaxes / "no-pixel-data.dcm"))


@pytest.mark.parametrize("kept", [0.97, 0.5, 0.1])
@pytest.mark.parametrize("name", COMPRESSED)
def test_a_stream_that_is_cut_off_is_refused(syntaxes: Path, tmp_path: Path, name: str, kept: float) -> None:
    # libjpeg was seen to decode such streams and fill the rest without an error.
    slice_ = dcmread(syntaxes / f"{name}.dcm")
    stream = next(generate_frames(slice_.PixelData, number_of_frames=1))
    slice_.PixelData = encapsulate([stream[: int(len(stream) * kept)]])
    slice_.save_as(tmp_path / "cut")
    with pytest.raises(BrokenPixels):
        stored_values(header_of(tmp_path / "cut"))


@pytest.mark.parametrize("name", [name for name in COMPRESSED if name.startswith("JPEG2000")])
@pytest.mark.parametrize("side", [4, 256])
def test_a_stream_that_lacks_tiles_is_refused(syntaxes: Path, tmp_path: Path, name: str, side: int) -> None:
    """gdcm makes a picture of the tiles that are there."""
    slice_ = dcmread(syntaxes / f"{name}.dcm")
    stream = bytearray(next(generate_frames(slice_.PixelData, number_of_frames=1)))
    struct.pack_into(">2I", stream, stream.index(b"\xff\x4f\xff\x51") + 24, side, side)
    slice_.PixelData = encapsulate([bytes(stream)])
    slice_.save_as(tmp_path / "tiles")
    with pytest.raises(BrokenPixels):
        stored_values(header_of(tmp_path / "tiles"))


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_file_that_is_cut_off_is_refused(syntaxes: Path, tmp_path: Path, name: str) -> None:
    data = (syntaxes / f"{name}.dcm").read_bytes()
    (tmp_path / "cut").write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(BrokenPixels):
        stored_values(header_of(tmp_path / "cut"))


@pytest.mark.parametrize("name", [name for name in COMPRESSED if not name.startswith("RLE")])  # it has no size
def test_a_stream_of_another_size_than_the_header_is_refused(syntaxes: Path, tmp_path: Path, name: str) -> None:
    slice_ = dcmread(syntaxes / f"{name}.dcm")
    slice_.Rows = 256
    slice_.save_as(tmp_path / "small")
    with pytest.raises(BrokenPixels):
        stored_values(header_of(tmp_path / "small"))


def test_an_unsupported_syntax_is_named(tmp_path: Path) -> None:
    (tmp_path / "slice").write_bytes(to_bytes(ct_slice(PixelData=encapsulate([b"film"])), MPEG2MPML))
    with pytest.raises(UnsupportedTransferSyntax, match=r"1\.2\.840\.10008\.1\.2\.4\.100 \(MPEG2 Main Profile"):
        stored_values(header_of(tmp_path / "slice"))


def test_an_invalid_uid_is_not_quoted() -> None:
    assert syntax_label("Surname^Name") == "(not a UID)"


def test_native_pixels_shorter_than_declared_are_refused(tmp_path: Path) -> None:
    (tmp_path / "slice").write_bytes(to_bytes(ct_slice(size=32, Rows=33)))
    with pytest.raises(BrokenPixels):
        stored_values(header_of(tmp_path / "slice"))


def test_native_pixels_longer_than_declared_are_padding(tmp_path: Path) -> None:
    slice_ = ct_slice(size=32)
    slice_.PixelData += bytes(64)
    (tmp_path / "slice").write_bytes(to_bytes(slice_))
    assert stored_values(header_of(tmp_path / "slice")).tobytes() == slice_.PixelData[:-64]


@pytest.mark.parametrize("syntax", sorted(NATIVE - {"1.2.840.10008.1.2.2"}))
def test_frames_of_a_native_multi_frame_file(tmp_path: Path, syntax: str) -> None:
    multi = enhanced_ct(4, size=16)
    path = tmp_path / "multi"
    path.write_bytes(to_bytes(multi, syntax))
    headers = read_headers([Member("file 1", path, path.stat().st_size)], Budgets()).slices
    frames = np.frombuffer(multi.PixelData, "<u2").reshape(4, 16, 16)
    for index in (2, 0, 3, 1):
        np.testing.assert_array_equal(stored_values(headers[index]), frames[index])


def test_frames_of_a_compressed_multi_frame_file(tmp_path: Path) -> None:
    multi = enhanced_ct(4, size=16)
    frames = np.frombuffer(multi.PixelData, "<u2").reshape(4, 16, 16)
    multi.compress(RLELossless, frames, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    path = tmp_path / "multi"
    multi.save_as(path, enforce_file_format=True)
    headers = read_headers([Member("file 1", path, path.stat().st_size)], Budgets()).slices
    for index in (3, 0, 2, 1):
        np.testing.assert_array_equal(stored_values(headers[index]), frames[index])


@pytest.mark.parametrize(("bits", "signed"), [(12, True), (12, False), (16, True), (16, False)])
def test_signs_and_unused_bits(tmp_path: Path, bits: int, signed: bool) -> None:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    values = np.array([[low, high], [1, 0]])
    noise = 0xF000 if bits == 12 else 0  # what stands above the stored bits means nothing (PS3.5 8.1.1)
    pixels = (values & (2**bits - 1)) | noise
    slice_ = ct_slice(pixels=pixels, BitsStored=bits, HighBit=bits - 1, PixelRepresentation=int(signed))
    (tmp_path / "slice").write_bytes(to_bytes(slice_))
    np.testing.assert_array_equal(stored_values(header_of(tmp_path / "slice")), values)


def test_every_decoder_named_is_there() -> None:
    from pydicom.pixels.decoders.base import get_decoder

    for syntax, plugin in DECODERS.items():
        if plugin == "imagecodecs":
            assert syntax in LOSSLESS_DECODERS
        elif not syntax.endswith((".53", ".55")):
            assert plugin in get_decoder(syntax).available_plugins


def test_random_damage_raises_only_study_errors(syntaxes: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    path = tmp_path / "damaged"
    for name in COMPRESSED:
        valid = (syntaxes / f"{name}.dcm").read_bytes()
        header = header_of(syntaxes / f"{name}.dcm")
        assert header.pixels is not None
        for _ in range(6):
            data = np.frombuffer(valid, np.uint8).copy()
            at = generator.integers(header.pixels.span.offset, len(data), 20)
            data[at] = generator.integers(0, 256, 20)
            path.write_bytes(data.tobytes())
            try:
                stored_values(replace(header, member=Member("file 1", path, len(data))))
            except BrokenPixels:
                continue


@pytest.mark.parametrize("fragments", [2, 5000])
def test_a_frame_in_thousands_of_fragments_is_broken(tmp_path: Path, real_data: Path, fragments: int) -> None:
    """They are walked through in Python, and a small zip can hold millions of empty ones."""
    slice_ = dcmread(real_data / "dicom/transfer_syntaxes/RLELossless_1.2.840.10008.1.2.5.dcm")
    frame = get_frame(slice_.PixelData, 0)
    empty = b"\xfe\xff\x00\xe0\0\0\0\0" * (fragments - 1)
    slice_.PixelData = empty[:8] + b"\xfe\xff\x00\xe0" + struct.pack("<L", len(frame)) + frame + empty
    slice_["PixelData"].is_undefined_length = True
    check_decodes(tmp_path, slice_, decodes=fragments < 1024)


@pytest.mark.parametrize("spare", [1000, 600_000])
def test_a_compressed_frame_longer_than_its_pixels_is_broken(tmp_path: Path, real_data: Path, spare: int) -> None:
    """Headers of RLE runs that do nothing take a decoder time for each byte."""
    slice_ = dcmread(real_data / "dicom/transfer_syntaxes/RLELossless_1.2.840.10008.1.2.5.dcm")
    frame = get_frame(slice_.PixelData, 0)
    slice_.PixelData = encapsulate([frame + b"\x80" * 2 * spare])
    slice_["PixelData"].is_undefined_length = True
    check_decodes(tmp_path, slice_, decodes=spare < 10_000)


def check_decodes(folder: Path, slice_: Dataset, *, decodes: bool) -> None:
    path = folder / "slice.dcm"
    slice_.save_as(path)
    (header,) = read_headers([Member("file 1", path, path.stat().st_size)], Budgets()).slices
    if decodes:
        assert stored_values(header).shape == (slice_.Rows, slice_.Columns)
    else:
        with pytest.raises(BrokenPixels):
            stored_values(header)
