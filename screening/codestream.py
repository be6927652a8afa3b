"""The size that a compressed slice itself declares: its decoder will believe that, not the DICOM header."""

import struct

_JPEG_START = b"\xff\xd8"
_JPEG2000_START = b"\xff\x4f\xff\x51"  # ITU-T T.800 A.4.1, A.5.1: SOC, then SIZ
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}  # ITU-T T.81 B.1.1.3; T.87 C.1.1


def declared_size(stream: bytes) -> tuple[int, int]:
    """(rows, columns) of a JPEG, JPEG-LS or JPEG 2000 stream; raises ValueError or struct.error without one."""
    if stream.startswith(_JPEG_START):
        return _jpeg_size(stream)
    start = stream.find(_JPEG2000_START)
    if start < 0:
        raise ValueError("neither JPEG nor JPEG 2000")
    right, bottom, left, top = struct.unpack_from(">4I", stream, start + 8)
    return bottom - top, right - left


def _jpeg_size(stream: bytes) -> tuple[int, int]:
    at = len(_JPEG_START)
    while True:
        prefix, marker, length = struct.unpack_from(">BBH", stream, at)
        if prefix != 0xFF:
            raise ValueError("no marker where one must be")
        if marker in _START_OF_FRAME:
            rows, columns = struct.unpack_from(">HH", stream, at + 5)
            return rows, columns
        at += 1 if marker == 0xFF else 2 + length  # 0xFF fills
