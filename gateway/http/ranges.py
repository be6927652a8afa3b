"""Parts of a file and copies that a client has already: Range, If-Range and If-None-Match (RFC 9110 13 and 14)."""

import re
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.errors import RangeNotSatisfiable

PRIVATE: Final = "private, no-cache"  # kept by the browser alone, and only used again after a look at the tag
_ONE_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")
_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')


def has_it(request: Request, tag: str) -> bool:
    """Whether the client has the bytes of this entity tag."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in _TAG.findall(known)


def not_modified(tag: str) -> Response:
    """The answer to a client that has the bytes."""
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": PRIVATE})


def wanted_range(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """First byte and the one after the last that are asked for; None for all of them.

    Several ranges, or what is no range, are answered with everything, as RFC 9110 14.2 allows. Raises
    RangeNotSatisfiable.
    """
    told = _ONE_RANGE.fullmatch(request.headers.get("range", ""))
    if request.method != "GET" or told is None or told[1] == told[2] == "":
        return None
    if request.headers.get("if-range", tag) != tag:
        return None
    if told[1]:
        start, end = int(told[1]), min(size, int(told[2]) + 1 if told[2] else size)
        if told[2] and int(told[2]) < int(told[1]):
            return None
    else:
        start, end = max(0, size - int(told[2])), size
    if start >= end:
        raise RangeNotSatisfiable(f"the file has {size} bytes", {"Content-Range": f"bytes */{size}"})
    return start, end


async def streamed(
    chunks: AsyncIterator[bytes], size: int, media_type: str, headers: dict[str, str], status: int = 200
) -> StreamingResponse:
    """An answer of `size` bytes; what fails at the first of them fails before the answer has begun."""
    first = await anext(chunks, b"")
    return StreamingResponse(_joined(first, chunks), status, headers | {"Content-Length": str(size)}, media_type)


async def _joined(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk
