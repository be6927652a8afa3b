"""Decoding: the stored values of one slice, by the one decoder that is trusted with its transfer syntax."""

import struct
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from screening.codestream import Declared, declared
from screening.errors import BrokenPixels, NoPixelData, UnsupportedTransferSyntax
from screening.members import Member
from screening.nifti import nifti_values
from screening.part10 import PixelSpan, pixel_bytes
from screening.quiet import quiet_pydicom
from screening.slices import NIFTI_SYNTAX, PixelLayout, SliceHeader, is_uid

Stored = NDArray[np.integer | np.floating]

NATIVE: Final = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)

# Retired processes that pydicom has no decoder for; libjpeg reads them by the stream's own markers, like process 4.
_SPECTRAL_SELECTION: Final = UID("1.2.840.10008.1.2.4.53")
_FULL_PROGRESSION: Final = UID("1.2.840.10008.1.2.4.55")
_READ_AS: Final = MappingProxyType({_SPECTRAL_SELECTION: JPEGExtended12Bit, _FULL_PROGRESSION: JPEGExtended12Bit})

# One decoder a syntax, never "the next that works": given a stream that is cut off, gdcm refuses, while libjpeg fills
# the rest and says nothing (seen on every JPEG file of the tests), and pydicom would fall from the one to the other.
# ms for one slice of 512 x 512, gdcm / pylibjpeg: JPEG Lossless 4 / 7, JPEG-LS 6 / 16, JPEG 2000 14 / 22;
DECODERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        JPEGBaseline8Bit: "gdcm",
        JPEGExtended12Bit: "pylibjpeg",  # gdcm has no 12 bits
        _SPECTRAL_SELECTION: "pylibjpeg",
        _FULL_PROGRESSION: "pylibjpeg",
        JPEGLossless: "gdcm",
        JPEGLosslessSV1: "gdcm",
        JPEGLSLossless: "gdcm",
        JPEGLSNearLossless: "gdcm",
        JPEG2000Lossless: "gdcm",
        JPEG2000: "gdcm",
        HTJ2KLossless: "pylibjpeg",
        HTJ2KLosslessRPCL: "pylibjpeg",
        HTJ2K: "pylibjpeg",
        RLELossless: "pydicom",  # 2.2 ms; pylibjpeg takes 0.5, but damage makes its Rust panic past `except Exception`
    }
)

_LIBJPEG_SYNTAXES: Final = frozenset({JPEGExtended12Bit, _SPECTRAL_SELECTION, _FULL_PROGRESSION})
_END_OF_IMAGE: Final = b"\xff\xd9"  # ITU-T T.81 B.1.1.3

# What decoders raise on bytes that are not what the header says.
_DECODE_ERRORS = (RuntimeError, ValueError, struct.error, AttributeError, TypeError, LookupError, OSError)


def decodable(transfer_syntax: str) -> bool:
    """Whether a trusted decoder is at hand for the transfer syntax."""
    return transfer_syntax in NATIVE or transfer_syntax in DECODERS or transfer_syntax == NIFTI_SYNTAX


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


def described(transfer_syntax: str) -> str:
    """The UID, with its name where DICOM knows it."""
    if not is_uid(transfer_syntax):
        return "(not a UID)"
    name = UID(transfer_syntax).name
    return transfer_syntax if name == transfer_syntax else f"{transfer_syntax} ({name})"


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
    values, _ = get_decoder(_READ_AS.get(syntax, syntax)).as_array(
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
