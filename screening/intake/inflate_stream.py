"""Streaming decompression of deflate in bounded chunks, so that the caller can stop a decompression bomb."""

from collections.abc import Iterable, Iterator
from typing import Any

from isal import isal_zlib as zlib  # inflates a slice in 0.8 ms where zlib takes 2.1

CHUNK_BYTES = 1 << 20
_INFLATE_ERROR: type[Exception] = zlib.IsalError  # type: ignore[assignment]  # isal's stub gives an instance

RAW = -zlib.MAX_WBITS  # zip members, deflated DICOM
GZIP = zlib.MAX_WBITS | 16
_GZIP_MEMBER = b"\x1f\x8b"


class BrokenStream(Exception):
    """The stream is damaged or cut off."""


class Inflater:
    """Decompresses one stream that comes in pieces.

    A gzip file may have several members (RFC 1952 2.2: pigz, bgzip); what else stands behind it is passed over.
    """

    def __init__(self, wrapper: int) -> None:
        self._wrapper = wrapper
        self._stream = zlib.decompressobj(wrapper)
        self._pending = b""

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """The bytes that one more piece gives, at most `CHUNK_BYTES` at a time; raises BrokenStream."""
        raw, self._pending = self._pending + packed, b""
        while raw:
            if self._stream.eof:
                if len(raw) < len(_GZIP_MEMBER):
                    self._pending = raw
                    return
                if self._wrapper != GZIP or not raw.startswith(_GZIP_MEMBER):
                    return
                self._stream = zlib.decompressobj(self._wrapper)
            yield from _decompress(self._stream, raw)
            raw = self._stream.unused_data if self._stream.eof else b""

    def end(self) -> bytes:
        """The last bytes; raises BrokenStream where the stream is cut off."""
        rest: bytes = self._stream.flush()
        if not self._stream.eof:
            raise BrokenStream
        return rest


def inflate(packed: Iterable[bytes], wrapper: int) -> Iterator[bytes]:
    """The decompressed bytes of `packed`, at most `CHUNK_BYTES` at a time; raises BrokenStream."""
    inflater = Inflater(wrapper)
    for chunk in packed:
        yield from inflater.feed(chunk)
    yield inflater.end()


def inflate_start(packed: bytes, length: int) -> bytes:
    """Up to the first `length` decompressed bytes of `packed`, the start of a raw stream; raises BrokenStream."""
    try:
        return zlib.decompressobj(RAW).decompress(packed, length)[:length]  # for isal a length of 0 means no limit
    except _INFLATE_ERROR:
        raise BrokenStream from None


def _decompress(stream: Any, raw: bytes) -> Iterator[bytes]:
    try:
        yield stream.decompress(raw, CHUNK_BYTES)
        while stream.unconsumed_tail:
            yield stream.decompress(stream.unconsumed_tail, CHUNK_BYTES)
    except _INFLATE_ERROR:
        raise BrokenStream from None
