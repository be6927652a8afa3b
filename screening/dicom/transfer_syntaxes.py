"""The supported transfer syntaxes, each with the one decoder that is used for it."""

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

from screening.dicom.slice_header import NIFTI_SYNTAX, is_uid

NATIVE: Final = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)

# Retired JPEG processes without a decoder in pydicom; libjpeg decodes them by the stream's markers, like process 4.
SPECTRAL_SELECTION: Final = UID("1.2.840.10008.1.2.4.53")
FULL_PROGRESSION: Final = UID("1.2.840.10008.1.2.4.55")
DECODED_AS: Final = MappingProxyType({SPECTRAL_SELECTION: JPEGExtended12Bit, FULL_PROGRESSION: JPEGExtended12Bit})

# One decoder for each syntax, without fallback: for a stream that is cut off, gdcm raises, while libjpeg fills the rest
# without an error (seen on every JPEG file of the tests); with a fallback, pydicom would use libjpeg after gdcm.
# ms for one slice of 512 x 512, gdcm / pylibjpeg: JPEG 2000 14 / 22. Of imagecodecs: `lossless_decoding`.
DECODERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        JPEGBaseline8Bit: "gdcm",
        JPEGExtended12Bit: "pylibjpeg",  # gdcm has no 12 bits
        SPECTRAL_SELECTION: "pylibjpeg",
        FULL_PROGRESSION: "pylibjpeg",
        JPEGLossless: "imagecodecs",
        JPEGLosslessSV1: "imagecodecs",
        JPEGLSLossless: "imagecodecs",
        JPEGLSNearLossless: "imagecodecs",
        JPEG2000Lossless: "gdcm",
        JPEG2000: "gdcm",
        HTJ2KLossless: "pylibjpeg",
        HTJ2KLosslessRPCL: "pylibjpeg",
        HTJ2K: "pylibjpeg",
        RLELossless: "pydicom",  # 2.2 ms; pylibjpeg takes 0.5, but for damaged data its Rust panics: no `Exception`
    }
)


def is_decodable(transfer_syntax: str) -> bool:
    """Whether there is a decoder for the transfer syntax."""
    return transfer_syntax in NATIVE or transfer_syntax in DECODERS or transfer_syntax == NIFTI_SYNTAX


def syntax_label(transfer_syntax: str) -> str:
    """The UID, with its name in the DICOM dictionary if it has one."""
    if not is_uid(transfer_syntax):
        return "(not a UID)"
    name = UID(transfer_syntax).name
    return transfer_syntax if name == transfer_syntax else f"{transfer_syntax} ({name})"
