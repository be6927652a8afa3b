"""JPEG Lossless and JPEG-LS: decoded by libjpeg-turbo and CharLS, which imagecodecs brings, straight into an array.

gdcm gives the same numbers and hands them over as a Python string. ms for one slice of 512 x 512, gdcm / imagecodecs,
in one run: JPEG Lossless 11.3 / 2.5, JPEG-LS 13.2 / 6.2. What is lossy stays with the decoders that it had: two of them
need not round alike.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from imagecodecs import JPEG8, JPEGLS, jpeg8_decode, jpegls_decode
from numpy.typing import NDArray
from pydicom.uid import UID, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless

from screening.dicom.codestream import CodestreamHeader

LOSSLESS_DECODERS: Final[Mapping[UID, Callable[[bytes], NDArray[Any]]]] = MappingProxyType(
    {
        JPEGLossless: jpeg8_decode,
        JPEGLosslessSV1: jpeg8_decode,
        JPEGLSLossless: jpegls_decode,
        JPEGLSNearLossless: jpegls_decode,
    }
)
_CODECS: Final[Mapping[Callable[[bytes], NDArray[Any]], Any]] = {jpeg8_decode: JPEG8, jpegls_decode: JPEGLS}
_CONTAINERS: Final = {8: np.uint8, 16: np.uint16}  # by Bits Allocated
_END_OF_IMAGE: Final = b"\xff\xd9"  # ITU-T T.81 B.1.1.3, T.87 C.1.1


def is_installed(syntax: UID) -> bool:
    """Whether this build of imagecodecs has the decoder of a syntax in `LOSSLESS_DECODERS`."""
    return bool(_CODECS[LOSSLESS_DECODERS[syntax]].available)


def decode_lossless(frame: bytes, syntax: UID, stream: CodestreamHeader, bits_allocated: int) -> NDArray[Any]:
    """The samples of a compressed frame, without a sign, in Bits Allocated; `stream` must fit the DICOM header.

    Raises RuntimeError, ValueError or LookupError for a damaged frame, and for a container that pixels do not come in.
    """
    # libjpeg-turbo fills what a stream without an end lacks. Entropy-coded data hold no marker (T.81 B.1.1.5).
    if frame.rfind(_END_OF_IMAGE, stream.scan_at) < 0:
        raise ValueError("the stream has no end marker")
    return LOSSLESS_DECODERS[syntax](frame).astype(_CONTAINERS[bits_allocated], copy=False)
