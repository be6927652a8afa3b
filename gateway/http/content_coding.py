"""The content coding of a request's body (RFC 9110 8.4): gzip is undone as it arrives, others are refused."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from isal import isal_zlib as zlib
from starlette.exceptions import HTTPException

from screening.intake.inflate_stream import CHUNK_BYTES, GZIP

_IDENTITY: Final = frozenset({"", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_ERROR: type[Exception] = zlib.IsalError  # type: ignore[assignment]  # isal's stub gives an instance


async def decoded(pieces: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    """The body without its coding, at most `CHUNK_BYTES` at a time, so that a limit can stop a bomb.

    Raises HTTPException 415 for a coding that is not read, 400 for a gzip body that is damaged or cut off.
    """
    coding = coding.strip().lower()
    if coding in _IDENTITY:
        async for piece in pieces:
            yield piece
        return
    if coding not in _GZIP:
        raise HTTPException(415, "this Content-Encoding is not read; send the body as it is, or with gzip")
    inflater = zlib.decompressobj(GZIP)
    async for piece in pieces:
        for chunk in _inflated(inflater, piece):
            yield chunk
    if not inflater.eof:
        raise HTTPException(400, "the body (Content-Encoding: gzip) is cut off")


def _inflated(inflater: Any, piece: bytes) -> Iterator[bytes]:
    try:
        yield inflater.decompress(piece, CHUNK_BYTES)
        while inflater.unconsumed_tail:
            yield inflater.decompress(inflater.unconsumed_tail, CHUNK_BYTES)
    except _ERROR:
        raise HTTPException(400, "the body is not the gzip that Content-Encoding says") from None
