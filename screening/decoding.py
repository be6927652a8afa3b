"""Decoding: the stored values of one slice, by the one decoder that is trusted with its transfer syntax."""

import struct
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEGExtended12Bit, RLELossless

from screening.codestream import Declared, declared
from screening.errors import BrokenPixels, NoPixelData, UnsupportedTransferSyntax
from screening.nifti import nifti_values
from screening.part10 import PixelSpan, pixel_bytes
from screening.pydicom_logging import quiet_pydicom
from screening.slice_header import NIFTI_SYNTAX, PixelLayout, SliceHeader
from screening.transfer_syntaxes import (
    DECODERS,
    FULL_PROGRESSION,
    NATIVE,
    READ_AS,
    SPECTRAL_SELECTION,
    decodable,
    described,
)
from screening.upload_members import Member

Stored = NDArray[np.integer | np.floating]

_LIBJPEG_SYNTAXES: Final = frozenset({JPEGExtended12Bit, SPECTRAL_SELECTION, FULL_PROGRESSION})
_END_OF_IMAGE: Final = b"\xff\xd9"  # ITU-T T.81 B.1.1.3

# What decoders raise on bytes that are not what the header says.
_DECODE_ERRORS = (RuntimeError, ValueError, struct.error, AttributeError, TypeError, LookupError, OSError)


def stored_values(header: SliceHeader) -> Stored:
    """The stored values of a slice, [rows, columns], before rescale.

    Raises NoPixelData, UnsupportedTransferSyntax (it names the syntax) or BrokenPixels; never fills what is missing.
    """
    layout = header.pixels
    if layout is None:
        raise NoPixelData("A slice has no pixel data.")
    if not decodable(layout.transfer_syntax):
        raise UnsupportedTransferSyntax(f"No decoder for transfer syntax {described(layout.transfer_syntax)}.")
    if layout.transfer_syntax == NIFTI_SYNTAX:
        return nifti_values(header.member, header.frame)
    data = _file_pixels(header.member, layout.span) if layout.frames > 1 else pixel_bytes(header.member, layout.span)
    try:
        with quiet_pydicom():
            values = _decoded(_frame(data, layout, header.frame), layout)
    except _DECODE_ERRORS:
        raise BrokenPixels("The pixel data of a slice are cut off or damaged.") from None
    if values.shape != (layout.rows, layout.columns):
        raise BrokenPixels("The pixel data of a slice do not have the size that its header gives.")
    return values


@lru_cache(maxsize=1)
def _file_pixels(member: Member, span: PixelSpan) -> bytes:
    # The slices of one multi-frame file are asked for one by one; unpacking all of it for each would be quadratic.
    return pixel_bytes(member, span)


def _frame(data: bytes, layout: PixelLayout, frame: int) -> bytes:
    if layout.transfer_syntax in NATIVE:
        begin = frame * layout.frame_bytes
        native = data[begin : begin + layout.frame_bytes]
        if layout.span.length is None or len(native) < layout.frame_bytes:
            raise ValueError("native pixel data are shorter than rows x columns x frames")
        return native
    encoded = get_frame(data, frame, number_of_frames=layout.frames)
    if layout.transfer_syntax != RLELossless:
        _check_stream(declared(encoded), layout)
    if layout.transfer_syntax in _LIBJPEG_SYNTAXES and not encoded.rstrip(b"\0").endswith(_END_OF_IMAGE):
        raise ValueError("the stream has no end marker")
    return encapsulate([encoded], has_bot=False)


def _check_stream(stream: Declared, layout: PixelLayout) -> None:
    # gdcm crashes on a JPEG that declares 37 bits, and any decoder makes room for the size that it is told.
    if stream[:3] != (layout.rows, layout.columns, layout.samples) or not 2 <= stream.bits <= layout.bits_allocated:
        raise ValueError("the stream is not what its header says")


def _decoded(frame: bytes, layout: PixelLayout) -> Stored:
    syntax = UID(layout.transfer_syntax)
    values: Stored
    values, _ = get_decoder(READ_AS.get(syntax, syntax)).as_array(
        frame,
        index=0,
        decoding_plugin=DECODERS.get(syntax, ""),
        **_options(layout),
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
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "pixel_keyword": "PixelData",
    }
