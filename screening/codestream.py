"""What a compressed slice itself declares: its decoder will believe that, not the DICOM header."""

import struct
from typing import NamedTuple

_JPEG_START = b"\xff\xd8"
_JPEG2000_START = b"\xff\x4f\xff\x51"  # ITU-T T.800 A.4.1, A.5.1: SOC, then SIZ
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}  # ITU-T T.81 B.1.1.3; T.87 C.1.1
_START_OF_SCAN = 0xDA
_FILL = 0xFF
# ITU-T T.81 B.2.4: tables, restart interval, application data and comments; T.87 C.2.4: LSE. Others hold no length.
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xF8, 0xFE, *range(0xE0, 0xF0)})
_BEFORE_FRAME = _TABLES | _START_OF_FRAME | {_FILL}


class Declared(NamedTuple):
    """Size and kind of a JPEG, JPEG-LS or JPEG 2000 stream."""

    rows: int
    columns: int
    samples: int
    bits: int


def declared(stream: bytes) -> Declared:
    """What the stream says of itself; raises ValueError or struct.error where it says nothing."""
    if stream.startswith(_JPEG_START):
        return _jpeg(stream)
    start = stream.find(_JPEG2000_START)
    if start < 0:
        raise ValueError("neither JPEG nor JPEG 2000")
    right, bottom, left, top, samples, depth = struct.unpack_from(">4I16xHB", stream, start + 8)
    return Declared(bottom - top, right - left, samples, (depth & 0x7F) + 1)  # A.5.1: the top bit is the sign


def _jpeg(stream: bytes) -> Declared:
    # Every segment up to the first scan is walked: gdcm aborts the process when one does not begin where it should.
    at, frame = len(_JPEG_START), None
    while True:
        prefix, marker, length = struct.unpack_from(">BBH", stream, at)
        if frame is not None and (prefix, marker) == (0xFF, _START_OF_SCAN):
            return frame
        if prefix != 0xFF or marker not in _BEFORE_FRAME:
            raise ValueError("no marker where one must be")
        if marker in _START_OF_FRAME:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", stream, at + 4)
            frame = Declared(rows, columns, samples, bits)
        at += 1 if marker == _FILL else 2 + length
