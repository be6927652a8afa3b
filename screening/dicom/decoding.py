"""Pixel decoding: the stored values of one slice, by the one decoder chosen for its transfer syntax.

The pixels themselves say whether and how they are compressed; a Transfer Syntax UID that says otherwise is wrong, as
after a conversion that left the meta header as it was (PS3.10 7.1).
"""

import struct
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGExtended12Bit, RLELossless

from screening.dicom.codestream import (
    JPEG_2000_SYNTAXES,
    CodestreamHeader,
    check_tiles,
    read_codestream_header,
    stream_syntaxes,
)
from screening.dicom.fragments import check_fragments, check_frame_length
from screening.dicom.lossless_decoding import LOSSLESS_DECODERS, decode_lossless
from screening.dicom.part10 import pixel_bytes
from screening.dicom.pydicom_logging import suppress_pydicom_warnings
from screening.dicom.slice_header import NIFTI_SYNTAX, PixelLayout, SliceHeader
from screening.dicom.stored_bits import significant
from screening.dicom.transfer_syntaxes import (
    DECODED_AS,
    DECODERS,
    FULL_PROGRESSION,
    NATIVE,
    SPECTRAL_SELECTION,
    is_decodable,
    syntax_label,
)
from screening.errors import BrokenPixels, NoPixelData, UnsupportedTransferSyntax
from screening.intake.upload_members import Member

StoredValues = NDArray[np.integer | np.floating]

_LIBJPEG_SYNTAXES: Final = frozenset({JPEGExtended12Bit, SPECTRAL_SELECTION, FULL_PROGRESSION})
_END_OF_IMAGE: Final = b"\xff\xd9"  # ITU-T T.81 B.1.1.3
_ITEM: Final = b"\xfe\xff\x00\xe0"  # PS3.5 A.4: encapsulated pixels are a sequence of items

# Exceptions of the decoders when the bytes do not match the header.
_DECODE_ERRORS = (RuntimeError, ValueError, struct.error, AttributeError, TypeError, LookupError, OSError)


def stored_values(header: SliceHeader) -> StoredValues:
    """The stored values of a slice, [rows, columns], before rescale.

    Raises NoPixelData, UnsupportedTransferSyntax (it names the syntax) or BrokenPixels; never fills missing pixels.
    """
    layout = header.pixels
    if layout is None:
        raise NoPixelData("A slice has no pixel data.")
    if not is_decodable(layout.transfer_syntax):
        raise UnsupportedTransferSyntax(f"No decoder for transfer syntax {syntax_label(layout.transfer_syntax)}.")
    if layout.transfer_syntax == NIFTI_SYNTAX:
        from screening.dicom.nifti import nifti_values  # nibabel: a tenth of a second, for rare uploads

        return nifti_values(header.member, header.frame)
    try:
        data = _file_pixels(header.member, layout) if layout.frames > 1 else _pixels(header.member, layout)
        with suppress_pydicom_warnings():
            decode = _encapsulated if _is_encapsulated(data, layout) else _native
            values = decode(data, layout, header.frame)
    except _DECODE_ERRORS:
        raise BrokenPixels("The pixel data of a slice are cut off or damaged.") from None
    if values.shape != (layout.rows, layout.columns):
        raise BrokenPixels("The pixel data of a slice do not have the size that its header gives.")
    return values


@lru_cache(maxsize=1)
def _file_pixels(member: Member, layout: PixelLayout) -> bytes:
    # The frames of a multi-frame file are decoded one by one; unpacking the whole file for each would be quadratic.
    return _pixels(member, layout)


def _pixels(member: Member, layout: PixelLayout) -> bytes:
    data = pixel_bytes(member, layout.span)
    if _is_encapsulated(data, layout):
        check_fragments(data, layout.frames)
    return data


def _is_encapsulated(data: bytes, layout: PixelLayout) -> bool:
    if layout.span.length is None:  # PS3.5 A.4: native pixels have a length
        return True
    too_short = len(data) < layout.frames * layout.frame_bytes
    return data.startswith(_ITEM) and (too_short or layout.transfer_syntax not in NATIVE)


def _native(data: bytes, layout: PixelLayout, frame: int) -> StoredValues:
    begin = frame * layout.frame_bytes
    native = data[begin : begin + layout.frame_bytes]
    if len(native) < layout.frame_bytes:
        raise ValueError("native pixel data are shorter than rows x columns x frames")
    syntax = layout.transfer_syntax if layout.transfer_syntax in NATIVE else ExplicitVRLittleEndian
    return significant(_decoded(native, layout, UID(syntax)), layout)


def _encapsulated(data: bytes, layout: PixelLayout, frame: int) -> StoredValues:
    encoded = get_frame(data, frame, number_of_frames=layout.frames)
    check_frame_length(encoded, layout)
    syntaxes = stream_syntaxes(encoded)
    syntax = UID(layout.transfer_syntax if layout.transfer_syntax in syntaxes else syntaxes[0])
    stream = None if syntax == RLELossless else read_codestream_header(encoded)
    if stream is not None:
        _check_stream(stream, layout)
    if syntax in JPEG_2000_SYNTAXES:
        check_tiles(encoded)
    if syntax in _LIBJPEG_SYNTAXES and not encoded.rstrip(b"\0").endswith(_END_OF_IMAGE):
        raise ValueError("the stream has no end marker")
    if stream is not None and syntax in LOSSLESS_DECODERS:
        return significant(decode_lossless(encoded, syntax, stream, layout.bits_allocated), layout, stream)
    values = _decoded(encapsulate([encoded], has_bot=False), layout, syntax)
    return significant(values, layout, stream)


def _check_stream(stream: CodestreamHeader, layout: PixelLayout) -> None:
    # gdcm crashes on a JPEG that declares 37 bits, and every decoder allocates memory for the declared size.
    if stream[:3] != (layout.rows, layout.columns, layout.samples) or not 2 <= stream.bits <= layout.bits_allocated:
        raise ValueError("the compressed stream does not match the DICOM header")


def _decoded(frame: bytes, layout: PixelLayout, syntax: UID) -> StoredValues:
    values: StoredValues
    values, _ = get_decoder(DECODED_AS.get(syntax, syntax)).as_array(
        frame, index=0, decoding_plugin=DECODERS.get(syntax, ""), **_options(layout)
    )
    return values


def _options(layout: PixelLayout) -> Any:  # pydicom's TypedDict cannot be unpacked under mypy
    return {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": 1,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_allocated,  # `significant` decides which of them count, for every syntax alike
        "pixel_representation": int(layout.signed),
        "pixel_keyword": "PixelData",
    }
