"""Streaming multipart bodies: one part after the other, each read as it arrives (RFC 7578, RFC 2387).

    async for part in parts(request, limit_bytes):
        async for chunk in part.chunks: ...

File names come from the client: they go into responses and records, never into a path or a log.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.http.content_coding import decoded
from gateway.storage.disk_reserve import DiskReserve
from screening.errors import OverBudget

MULTIPART: Final = b"multipart/form-data"
RELATED: Final = b"multipart/related"  # as DICOMweb stores (PS3.18 10.5); its parts have no names
MAX_FILES: Final = 256  # of one request; slices of a study count as one
MAX_NAME_LENGTH: Final = 255
MAX_FIELD_BYTES: Final = 64 * 2**10
MAX_HEADER_BYTES: Final = 16 * 2**10


@dataclass(frozen=True)
class Part:
    """One part: its name, its file name as the client sent it, and its bytes, to be read before the next part."""

    name: str
    file_name: str
    chunks: AsyncIterator[bytes] = field(repr=False)

    async def text(self) -> str:
        """The part as text; raises HTTPException 400 when it is not UTF-8, 413 above MAX_FIELD_BYTES."""
        value = bytearray()
        async for chunk in self.chunks:
            value += chunk
            if len(value) > MAX_FIELD_BYTES:
                raise HTTPException(413, f"the field {self.name!r} is longer than {MAX_FIELD_BYTES} bytes")
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise HTTPException(400, f"the field {self.name!r} is not UTF-8") from None


def is_multipart(request: Request) -> bool:
    """Whether the Content-Type is multipart/form-data."""
    return parse_options_header(request.headers.get("content-type"))[0] == MULTIPART


def is_related(request: Request) -> bool:
    """Whether the Content-Type is multipart/related."""
    return parse_options_header(request.headers.get("content-type"))[0] == RELATED


async def parts(request: Request, limit_bytes: int) -> AsyncIterator[Part]:
    """The parts of a request's body; none when it is empty.

    Raises OverBudget when the body is longer than `limit_bytes`, HTTPException 400 when it is malformed or truncated.
    """
    async for part in parts_of(body(request, limit_bytes), request.headers.get("content-type")):
        yield part


async def parts_of(pieces: AsyncIterator[bytes], content_type: str | None) -> AsyncIterator[Part]:
    """The parts of a multipart body with this Content-Type, of a request or of an answer.

    Raises HTTPException 400 when it is malformed or truncated.
    """
    _, options = parse_options_header(content_type)
    if not options.get(b"boundary"):
        raise HTTPException(400, "the multipart body has no boundary")
    reader = _PartReader(pieces, options[b"boundary"])
    while part := await reader.next_part():
        yield part
        async for _ in part.chunks:
            pass  # the part's unread rest


async def body(request: Request, limit_bytes: int) -> AsyncIterator[bytes]:
    """The body's bytes as they arrive, without their content coding.

    Raises OverBudget, at once when Content-Length is above the limit, HTTPException for a coding that is not read, and
    StorageFull when less is free than the disk reserve of the application.
    """
    declared = request.headers.get("content-length", "0")
    _check_limit(int(declared) if declared.isascii() and declared.isdigit() else 0, limit_bytes)
    received_bytes = 0
    pieces = decoded(request.stream(), request.headers.get("content-encoding", ""))
    async for piece in _disk_reserve(request).guarded(pieces):
        received_bytes += len(piece)
        _check_limit(received_bytes, limit_bytes)
        if piece:
            yield piece


def safe_file_name(name: str) -> str:
    """The last part of a path without leading dots and control or direction characters; `upload` when it is empty."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in base if letter.isprintable()).lstrip(".")[:MAX_NAME_LENGTH] or "upload"


def _disk_reserve(request: Request) -> DiskReserve:
    """The reserve that the composition root has set; none in a test of this module alone."""
    app = request.scope.get("app")
    return getattr(app.state, "disk_reserve", DiskReserve()) if app is not None else DiskReserve()


def _check_limit(received_bytes: int, limit_bytes: int) -> None:
    if received_bytes > limit_bytes:
        raise OverBudget(f"the upload is larger than {limit_bytes} bytes")


class _PartReader:
    """Reads parts on demand from a parser that calls back: it feeds the parser one chunk when it needs more."""

    def __init__(self, pieces: AsyncIterator[bytes], boundary: bytes) -> None:
        self._chunks_in = pieces
        self._dispositions: deque[bytes] = deque()  # Content-Disposition of the parts that have started
        self._events: deque[bytes | None] = deque()  # None ends a part
        self._headers = _PartHeaders()
        self._complete = False
        self._empty = True
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_field": lambda data, start, end: self._headers.add_name(data[start:end]),
                "on_header_value": lambda data, start, end: self._headers.add_value(data[start:end]),
                "on_header_end": self._headers.end,
                "on_headers_finished": self._start_part,
                "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
                "on_part_end": lambda: self._events.append(None),
                "on_end": self._end,
            },
        )

    async def next_part(self) -> Part | None:
        """The next part; None after the last."""
        while not self._dispositions:
            if not await self._parse_more():
                return None
        _, options = parse_options_header(self._dispositions.popleft())
        name, file_name = (options.get(key, b"").decode("utf-8", "replace") for key in (b"name", b"filename"))
        return Part(name, file_name.replace("%22", '"'), self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            while self._events:
                data = self._events.popleft()
                if data is None:
                    return
                yield data
            await self._parse_more()

    async def _parse_more(self) -> bool:
        """Parse one more chunk of the body; False after its end. Raises HTTPException 400 when it ends too early."""
        piece = await anext(self._chunks_in, b"")
        if not piece:
            if self._complete or self._empty:
                return False
            raise HTTPException(400, "the multipart body ends before its last boundary")
        self._empty = False
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise HTTPException(400, "the multipart body is malformed") from error
        return True

    def _start_part(self) -> None:
        self._dispositions.append(self._headers.take_disposition())

    def _end(self) -> None:
        self._complete = True


@dataclass
class _PartHeaders:
    """Collects the headers of a part; keeps its Content-Disposition."""

    _disposition: bytes = b""
    _name: bytes = b""
    _value: bytes = b""

    def add_name(self, data: bytes) -> None:
        self._name = _within_header_limit(self._name + data)

    def add_value(self, data: bytes) -> None:
        self._value = _within_header_limit(self._value + data)

    def end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def take_disposition(self) -> bytes:
        """The Content-Disposition of the part; it is cleared for the next part."""
        disposition, self._disposition = self._disposition, b""
        return disposition


def _within_header_limit(header: bytes) -> bytes:
    if len(header) > MAX_HEADER_BYTES:
        raise HTTPException(400, f"the multipart body has a part header longer than {MAX_HEADER_BYTES} bytes")
    return header
