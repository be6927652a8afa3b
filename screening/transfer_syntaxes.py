"""Transfer syntaxes, and for each the one decoder that is trusted with it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

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

from screening.slice_header import NIFTI_SYNTAX, is_uid

NATIVE: Final = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)

# Retired processes that pydicom has no decoder for; libjpeg reads them by the stream's own markers, like process 4.
SPECTRAL_SELECTION: Final = UID("1.2.840.10008.1.2.4.53")
FULL_PROGRESSION: Final = UID("1.2.840.10008.1.2.4.55")
READ_AS: Final = MappingProxyType({SPECTRAL_SELECTION: JPEGExtended12Bit, FULL_PROGRESSION: JPEGExtended12Bit})

# One decoder a syntax, never "the next that works": given a stream that is cut off, gdcm refuses, while libjpeg fills
# the rest and says nothing (seen on every JPEG file of the tests), and pydicom would fall from the one to the other.
# ms for one slice of 512 x 512, gdcm / pylibjpeg: JPEG Lossless 4 / 7, JPEG-LS 6 / 16, JPEG 2000 14 / 22.
DECODERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        JPEGBaseline8Bit: "gdcm",
        JPEGExtended12Bit: "pylibjpeg",  # gdcm has no 12 bits
        SPECTRAL_SELECTION: "pylibjpeg",
        FULL_PROGRESSION: "pylibjpeg",
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


def decodable(transfer_syntax: str) -> bool:
    """Whether a trusted decoder is at hand for the transfer syntax."""
    return transfer_syntax in NATIVE or transfer_syntax in DECODERS or transfer_syntax == NIFTI_SYNTAX


def described(transfer_syntax: str) -> str:
    """The UID, with its name where DICOM knows it."""
    if not is_uid(transfer_syntax):
        return "(not a UID)"
    name = UID(transfer_syntax).name
    return transfer_syntax if name == transfer_syntax else f"{transfer_syntax} ({name})"
