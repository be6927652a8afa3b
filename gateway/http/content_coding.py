"""The content coding of a request's body (RFC 9110 8.4): gzip is undone as it arrives, others are refused."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.exceptions import HTTPException

from screening.intake.inflate_stream import GZIP, BrokenStream, Inflater

_IDENTITY: Final = frozenset({"", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})


async def decoded(pieces: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    """The body without its coding, in pieces small enough that a limit can stop a bomb.

    Raises HTTPException 415 for a coding that is not read, 400 for a gzip body that is damaged or cut off.
    """
    coding = coding.strip().lower()
    if coding in _IDENTITY:
        async for piece in pieces:
            yield piece
        return
    if coding not in _GZIP:
        raise HTTPException(415, "this Content-Encoding is not read; send the body as it is, or with gzip")
    inflater = Inflater(GZIP)
    try:
        async for piece in pieces:
            for chunk in inflater.feed(piece):
                yield chunk
        yield inflater.end()
    except BrokenStream:
        detail = "the body is damaged or cut off: it is not the gzip that Content-Encoding says"
        raise HTTPException(400, detail) from None
