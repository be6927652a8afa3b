"""Partial and conditional responses: Range, If-Range and If-None-Match (RFC 9110 13 and 14)."""

import re
from collections.abc import AsyncIterator
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from gateway.errors import RangeNotSatisfiable
from screening.coded_error import CodedError

log = structlog.get_logger(__name__)

CACHE_PRIVATE: Final = "private, no-cache"  # cached by the browser only, and revalidated by entity tag before each use
_ONE_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")
_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')


def is_cached(request: Request, tag: str) -> bool:
    """Whether If-None-Match holds this entity tag."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in _TAG.findall(known)


def not_modified(tag: str) -> Response:
    """304 for a client that has the bytes."""
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": CACHE_PRIVATE})


def requested_range(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """The requested range of bytes: start, and end after the last byte; None for the whole file.

    Several ranges, and an invalid Range, give the whole file, as RFC 9110 14.2 allows. Raises RangeNotSatisfiable.
    """
    range_match = _ONE_RANGE.fullmatch(request.headers.get("range", ""))
    if request.method != "GET" or range_match is None or range_match[1] == range_match[2] == "":
        return None
    if request.headers.get("if-range", tag) != tag:
        return None
    if range_match[1]:
        start, end = int(range_match[1]), min(size, int(range_match[2]) + 1 if range_match[2] else size)
        if range_match[2] and int(range_match[2]) < int(range_match[1]):
            return None
    else:
        start, end = max(0, size - int(range_match[2])), size
    if start >= end:
        raise RangeNotSatisfiable(f"the file has {size} bytes", {"Content-Range": f"bytes */{size}"})
    return start, end


async def streaming_response(
    chunks: AsyncIterator[bytes], size: int | None, media_type: str, headers: dict[str, str], status: int = 200
) -> StreamingResponse:
    """A response of `size` bytes, if known; an error at the first chunk is raised before the response starts."""
    first = await anext(chunks, b"")
    length = {} if size is None else {"Content-Length": str(size)}
    return _InterruptibleResponse(_prepend(first, chunks), status, headers | length, media_type)


class _InterruptibleResponse(StreamingResponse):
    """An error after the start of the response ends it early; uvicorn then closes the connection.

    The client notices it by Content-Length, or by the last chunk that is missing. No other answer can be sent any more.
    """

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        except CodedError as error:
            log.warning("response interrupted", error=error.code)


async def _prepend(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk
