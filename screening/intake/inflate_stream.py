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


def inflate(packed: Iterable[bytes], wrapper: int) -> Iterator[bytes]:
    """The decompressed bytes of `packed`, at most `CHUNK_BYTES` at a time; raises BrokenStream.

    A gzip file may have several members (RFC 1952 2.2: pigz, bgzip); what else stands behind it is passed over.
    """
    inflater, pending = zlib.decompressobj(wrapper), b""
    try:
        for chunk in packed:
            raw, pending = pending + chunk, b""
            while raw:
                if inflater.eof:
                    if len(raw) < len(_GZIP_MEMBER):
                        pending = raw
                        break
                    if wrapper != GZIP or not raw.startswith(_GZIP_MEMBER):
                        return
                    inflater = zlib.decompressobj(wrapper)
                yield from _decompress(inflater, raw)
                raw = inflater.unused_data if inflater.eof else b""
        yield inflater.flush()
    except _INFLATE_ERROR:
        raise BrokenStream from None
    if not inflater.eof:
        raise BrokenStream


def inflate_start(packed: bytes, length: int) -> bytes:
    """Up to the first `length` decompressed bytes of `packed`, the start of a raw stream; raises BrokenStream."""
    try:
        return zlib.decompressobj(RAW).decompress(packed, length)[:length]  # for isal a length of 0 means no limit
    except _INFLATE_ERROR:
        raise BrokenStream from None


def _decompress(inflater: Any, raw: bytes) -> Iterator[bytes]:
    yield inflater.decompress(raw, CHUNK_BYTES)
    while inflater.unconsumed_tail:
        yield inflater.decompress(inflater.unconsumed_tail, CHUNK_BYTES)
