"""What a compressed slice declares itself: its size, depth and kind. Decoders follow these, not the DICOM header."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from screening.dicom.transfer_syntaxes import FULL_PROGRESSION, SPECTRAL_SELECTION

_JPEG_START = b"\xff\xd8"
_JPEG2000_START = b"\xff\x4f\xff\x51"  # ITU-T T.800 A.4.1, A.5.1: SOC, then SIZ
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}  # ITU-T T.81 B.1.1.3; T.87 C.1.1
_START_OF_SCAN = 0xDA
_MOST_SEGMENTS = 1024  # fill bytes included; met: about 10
_FILL = 0xFF
# ITU-T T.81 B.2.4: tables, restart interval, application data and comments; T.87 C.2.4: LSE. Other markers have no
# length field.
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xF8, 0xFE, *range(0xE0, 0xF0)})
_BEFORE_FRAME = _TABLES | _START_OF_FRAME | {_FILL}
_SIZE = struct.Struct(">8I")  # ITU-T T.800 A.5.1: extent, offset, tile size and tile offset of the image, each x and y
_TILE_PART = struct.Struct(">2sHHL")  # A.4.2: SOT, its length, the tile's index and the length of the part
_TILE_PART_START = b"\xff\x90"
_TILE_PART_BYTES = 14  # SOT and SOD
_CAPABILITIES = b"\xff\x50"  # ITU-T T.814 A.2: in HTJ2K alone it follows the SIZ segment
_RLE_HEADER = struct.Struct("<2L")  # PS3.5 G.5: how many segments, and where the first begins
_RLE_HEADER_BYTES = 64

# The kinds of stream, each with the transfer syntaxes that name it; the first is used where a file names another.
_BASELINE = (JPEGBaseline8Bit, JPEGExtended12Bit)
_EXTENDED = (JPEGExtended12Bit,)
_PROGRESSIVE = (FULL_PROGRESSION, SPECTRAL_SELECTION)
_JPEG_LOSSLESS = (JPEGLossless, JPEGLosslessSV1)
_JPEG_LS = (JPEGLSNearLossless, JPEGLSLossless)
_JPEG_2000 = (JPEG2000, JPEG2000Lossless)
_HTJ2K = (HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL)
_RLE = (RLELossless,)
JPEG_2000_SYNTAXES = frozenset((*_JPEG_2000, *_HTJ2K))
_BY_FRAME = {0xC0: _BASELINE, 0xC1: _EXTENDED, 0xC2: _PROGRESSIVE, 0xC3: _JPEG_LOSSLESS, 0xF7: _JPEG_LS}


class CodestreamHeader(NamedTuple):
    """Frame header of a JPEG or JPEG-LS stream, or the SIZ segment of a JPEG 2000 stream; `bits` per sample.

    Only JPEG 2000 says whether samples are signed. `syntaxes` are the transfer syntaxes of such a stream. The first
    scan of a JPEG begins at `scan_at`.
    """

    rows: int
    columns: int
    samples: int
    bits: int
    signed: bool
    syntaxes: tuple[UID, ...]
    scan_at: int = 0


def read_codestream_header(stream: bytes) -> CodestreamHeader:
    """The header of a compressed stream; raises ValueError or struct.error when there is none."""
    if stream.startswith(_JPEG_START):
        return _jpeg(stream)
    start = stream.find(_JPEG2000_START)
    if start < 0:
        raise ValueError("neither JPEG nor JPEG 2000")
    (length,) = struct.unpack_from(">H", stream, start + 4)
    right, bottom, left, top, samples, depth = struct.unpack_from(">4I16xHB", stream, start + 8)
    syntaxes = _HTJ2K if stream.startswith(_CAPABILITIES, start + 4 + length) else _JPEG_2000
    # A.5.1: the top bit is the sign
    return CodestreamHeader(bottom - top, right - left, samples, (depth & 0x7F) + 1, bool(depth & 0x80), syntaxes)


def check_tiles(stream: bytes) -> None:
    """Raise ValueError or struct.error when a JPEG 2000 stream lacks some of the tiles that its header declares.

    gdcm and OpenJPEG make a picture of the tiles that are there.
    """
    at = stream.index(_JPEG2000_START) + 2
    right, bottom, _, _, width, height, left, top = _SIZE.unpack_from(stream, at + 6)
    declared = -(-(right - left) // max(1, width)) * -(-(bottom - top) // max(1, height))
    for _ in range(_MOST_SEGMENTS):
        marker, length = struct.unpack_from(">2sH", stream, at)
        if marker == _TILE_PART_START:
            break
        at += 2 + length
    if len({tile for tile in _tiles(stream, at) if tile < declared}) < declared:
        raise ValueError("tiles are missing")


def _tiles(stream: bytes, at: int) -> Iterator[int]:
    """The tiles of the parts that follow each other from `at` on."""
    while stream.startswith(_TILE_PART_START, at):
        _, _, tile, length = _TILE_PART.unpack_from(stream, at)
        yield tile
        if length < _TILE_PART_BYTES:  # 0: the last one, which reaches to the end of the image
            return
        at += length


def stream_syntaxes(stream: bytes) -> tuple[UID, ...]:
    """The transfer syntaxes that a compressed frame may have; raises ValueError or struct.error for what is none."""
    if len(stream) >= _RLE_HEADER_BYTES:
        segments, first = _RLE_HEADER.unpack_from(stream)
        if 1 <= segments <= 15 and first == _RLE_HEADER_BYTES:
            return _RLE
    return read_codestream_header(stream).syntaxes


def _jpeg(stream: bytes) -> CodestreamHeader:
    # Every segment up to the first scan is parsed: gdcm aborts the process when a segment is not where it should be.
    at, frame = len(_JPEG_START), None
    for _ in range(_MOST_SEGMENTS):
        prefix, marker, length = struct.unpack_from(">BBH", stream, at)
        if frame is not None and (prefix, marker) == (0xFF, _START_OF_SCAN):
            return frame._replace(scan_at=at)
        if prefix != 0xFF or marker not in _BEFORE_FRAME:
            raise ValueError("a JPEG marker is missing")
        if marker in _START_OF_FRAME:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", stream, at + 4)
            frame = CodestreamHeader(rows, columns, samples, bits, False, _BY_FRAME.get(marker, ()))
        at += 1 if marker == _FILL else 2 + length
    raise ValueError("too many segments before the first scan")
