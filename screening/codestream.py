"""The size and depth that a compressed slice declares itself: decoders follow these, not the DICOM header."""

import struct
from typing import NamedTuple

_JPEG_START = b"\xff\xd8"
_JPEG2000_START = b"\xff\x4f\xff\x51"  # ITU-T T.800 A.4.1, A.5.1: SOC, then SIZ
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}  # ITU-T T.81 B.1.1.3; T.87 C.1.1
_START_OF_SCAN = 0xDA
_FILL = 0xFF
# ITU-T T.81 B.2.4: tables, restart interval, application data and comments; T.87 C.2.4: LSE. Other markers have no
# length field.
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xF8, 0xFE, *range(0xE0, 0xF0)})
_BEFORE_FRAME = _TABLES | _START_OF_FRAME | {_FILL}


class CodestreamHeader(NamedTuple):
    """Frame header of a JPEG or JPEG-LS stream, or the SIZ segment of a JPEG 2000 stream; `bits` per sample."""

    rows: int
    columns: int
    samples: int
    bits: int


def read_codestream_header(stream: bytes) -> CodestreamHeader:
    """The header of a compressed stream; raises ValueError or struct.error when there is none."""
    if stream.startswith(_JPEG_START):
        return _jpeg(stream)
    start = stream.find(_JPEG2000_START)
    if start < 0:
        raise ValueError("neither JPEG nor JPEG 2000")
    right, bottom, left, top, samples, depth = struct.unpack_from(">4I16xHB", stream, start + 8)
    return CodestreamHeader(bottom - top, right - left, samples, (depth & 0x7F) + 1)  # A.5.1: the top bit is the sign


def _jpeg(stream: bytes) -> CodestreamHeader:
    # Every segment up to the first scan is parsed: gdcm aborts the process when a segment is not where it should be.
    at, frame = len(_JPEG_START), None
    while True:
        prefix, marker, length = struct.unpack_from(">BBH", stream, at)
        if frame is not None and (prefix, marker) == (0xFF, _START_OF_SCAN):
            return frame
        if prefix != 0xFF or marker not in _BEFORE_FRAME:
            raise ValueError("a JPEG marker is missing")
        if marker in _START_OF_FRAME:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", stream, at + 4)
            frame = CodestreamHeader(rows, columns, samples, bits)
        at += 1 if marker == _FILL else 2 + length
