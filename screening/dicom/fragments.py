"""Limits on encapsulated Pixel Data (PS3.5 A.4), checked before pydicom and the decoders walk through them in Python.

A compressed frame may come in fragments; one in more than these, or longer than these, was not made by an encoder.
"""

import struct
from typing import Final

from screening.dicom.slice_header import PixelLayout

FRAGMENTS_PER_FRAME: Final = 1024  # met: one; 75 of 4 KiB
SPARE_BYTES: Final = 64 * 1024  # tables, comments, application data
_HEAD: Final = struct.Struct("<4sL")
_ITEM: Final = b"\xfe\xff\x00\xe0"


def check_fragments(data: bytes, frames: int) -> None:
    """Raise ValueError when the encapsulated `data` of a file hold too many fragments for `frames` frames."""
    at, left = 0, 1 + frames * FRAGMENTS_PER_FRAME  # one: the Basic Offset Table
    while at + _HEAD.size <= len(data):
        tag, length = _HEAD.unpack_from(data, at)
        if tag != _ITEM:
            return
        left -= 1
        if left < 0:
            raise ValueError("more fragments than a frame may have")
        at += _HEAD.size + length


def check_frame_length(encoded: bytes, layout: PixelLayout) -> None:
    """Raise ValueError when a compressed frame is longer than any encoder makes one.

    The worst of RLE (PS3.5 G.3.1) is two bytes for each; decoders may take time for every byte, not for every pixel.
    """
    if len(encoded) > 2 * layout.frame_bytes + SPARE_BYTES:
        raise ValueError("a compressed frame is longer than its pixels")
