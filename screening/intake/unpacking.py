"""Packed bytes -> bytes in small pieces, so that a caller can stop before a bomb fills memory or disk.

The packings of zip (APPNOTE 4.4.5) and the streams that whole files come in. All raise BrokenStream.
"""

import bz2
import lzma
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from functools import partial
from types import MappingProxyType
from typing import Final

import inflate64

from screening.intake.inflate_stream import CHUNK_BYTES, GZIP, RAW, BrokenStream, inflate

_DEFLATE64_BYTES: Final = 256  # one bit may stand for 3,600 bytes and more, so these become 8 MiB at most
_MOST_LZMA_BYTES: Final = 64 << 20  # of dictionary; 7-Zip's "ultra" takes 64 MiB
_XZ_MEMORY: Final = 96 << 20

Pieces = Iterable[bytes]
Decompressor = bz2.BZ2Decompressor | lzma.LZMADecompressor


class CompressionMethod(IntEnum):
    """How a file in a zip is packed, by its number."""

    STORED = 0
    DEFLATED = 8
    DEFLATE64 = 9
    BZIP2 = 12
    LZMA = 14


def unpack(pieces: Pieces, packing: CompressionMethod) -> Iterator[bytes]:
    """The bytes of a file in a zip; whether they are all there, its length and checksum say."""
    return _UNPACKERS[packing](pieces)


def gunzip(pieces: Pieces) -> Iterator[bytes]:
    """The bytes of a gzip file of one or more members (RFC 1952 2.2)."""
    return inflate(pieces, GZIP)


def bunzip(pieces: Pieces) -> Iterator[bytes]:
    """The bytes of a bzip2 file of one or more streams."""
    return _streams(pieces, bz2.BZ2Decompressor)


def unxz(pieces: Pieces) -> Iterator[bytes]:
    """The bytes of an xz file of one or more streams, with zeros between them (its format 2.2: Stream Padding)."""
    return _streams(pieces, partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, _XZ_MEMORY))


def _streams(pieces: Pieces, start: Callable[[], Decompressor]) -> Iterator[bytes]:
    decompressor = start()
    for raw in pieces:
        rest = raw
        while rest:
            if decompressor.eof:
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                decompressor = start()
            yield from _fed(decompressor, rest)
            rest = decompressor.unused_data if decompressor.eof else b""
    if not decompressor.eof:
        raise BrokenStream


def _stored(pieces: Pieces) -> Iterator[bytes]:
    return iter(pieces)


def _deflated(pieces: Pieces) -> Iterator[bytes]:
    return inflate(pieces, RAW)


def _deflate64(pieces: Pieces) -> Iterator[bytes]:
    inflater = inflate64.Inflater()
    waiting: list[bytes] = []
    length = 0
    for raw in pieces:
        for start in range(0, len(raw), _DEFLATE64_BYTES):
            try:
                waiting.append(inflater.inflate(raw[start : start + _DEFLATE64_BYTES]))
            except ValueError:
                raise BrokenStream from None
            length += len(waiting[-1])
            if length >= CHUNK_BYTES:
                yield b"".join(waiting)
                waiting, length = [], 0
    yield b"".join(waiting)


def _lzma(pieces: Pieces) -> Iterator[bytes]:
    # APPNOTE 5.8.8: two bytes of version, the length of the properties (5) in two bytes, the properties, the stream.
    raw = iter(pieces)
    head = b""
    while len(head) < 9:
        piece = next(raw, b"")
        if not piece:
            raise BrokenStream
        head += piece
    code, dictionary = head[4], int.from_bytes(head[5:9], "little")
    if int.from_bytes(head[2:4], "little") != 5 or code >= 9 * 5 * 5 or dictionary > _MOST_LZMA_BYTES:
        raise BrokenStream
    kind = {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096)}
    kind |= {"lc": code % 9, "lp": code // 9 % 5, "pb": code // 45}
    try:
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[kind])
    except (lzma.LZMAError, ValueError):
        raise BrokenStream from None
    yield from _fed(decompressor, head[9:])
    for piece in raw:
        yield from _fed(decompressor, piece)


def _fed(decompressor: Decompressor, raw: bytes) -> Iterator[bytes]:
    if decompressor.eof:
        return
    try:
        yield decompressor.decompress(raw, CHUNK_BYTES)
        while not (decompressor.needs_input or decompressor.eof):
            yield decompressor.decompress(b"", CHUNK_BYTES)
    except (OSError, lzma.LZMAError, MemoryError):
        raise BrokenStream from None


_UNPACKERS: Final[Mapping[CompressionMethod, Callable[[Pieces], Iterator[bytes]]]] = MappingProxyType(
    {
        CompressionMethod.STORED: _stored,
        CompressionMethod.DEFLATED: _deflated,
        CompressionMethod.DEFLATE64: _deflate64,
        CompressionMethod.BZIP2: bunzip,
        CompressionMethod.LZMA: _lzma,
    }
)
