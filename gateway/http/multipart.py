"""multipart/form-data as it arrives: one part after the other, each streamed (RFC 7578).

    async for part in parts(request, limit_bytes):
        async for chunk in part.chunks: ...

Names of files are the client's: they go into its answers and into records, never into a path or a log.
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

from screening.errors import OverBudget

MULTIPART: Final = b"multipart/form-data"
LONGEST_NAME: Final = 255
LONGEST_TEXT: Final = 64 * 2**10
LONGEST_HEAD: Final = 16 * 2**10


@dataclass(frozen=True)
class Part:
    """One part: its name, its file's name as the client sent it, and its bytes, to be read before the next part."""

    name: str
    file_name: str
    chunks: AsyncIterator[bytes] = field(repr=False)

    async def text(self) -> str:
        """The part as text; raises HTTPException 400 when it is no UTF-8, 413 when it is too long for a field."""
        value = bytearray()
        async for chunk in self.chunks:
            value += chunk
            if len(value) > LONGEST_TEXT:
                raise HTTPException(413, f"the field {self.name!r} is longer than {LONGEST_TEXT} bytes")
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise HTTPException(400, f"the field {self.name!r} is no UTF-8") from None


def is_multipart(request: Request) -> bool:
    """Whether the body says that it has parts."""
    return parse_options_header(request.headers.get("content-type"))[0] == MULTIPART


async def parts(request: Request, limit_bytes: int) -> AsyncIterator[Part]:
    """The parts of a request's body, none when it is empty.

    Raises OverBudget once the body is longer than `limit_bytes`, HTTPException 400 when it is malformed or cut off.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    if not options.get(b"boundary"):
        raise HTTPException(400, "the multipart body has no boundary")
    feed = _Feed(body(request, limit_bytes), options[b"boundary"])
    while part := await feed.part():
        yield part
        async for _ in part.chunks:
            pass  # what nobody wanted


async def body(request: Request, limit_bytes: int) -> AsyncIterator[bytes]:
    """The bytes of a request as they arrive; raises OverBudget, before the first where the header tells the length."""
    told = request.headers.get("content-length", "0")
    received_bytes = int(told) if told.isascii() and told.isdigit() else 0
    _within(received_bytes, limit_bytes)
    received_bytes = 0
    async for piece in request.stream():
        received_bytes += len(piece)
        _within(received_bytes, limit_bytes)
        if piece:
            yield piece


def plain_name(name: str) -> str:
    """The last part of a path, less leading dots, control and direction characters; `upload` when that is nothing."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in base if letter.isprintable()).lstrip(".")[:LONGEST_NAME] or "upload"


def _within(received_bytes: int, limit_bytes: int) -> None:
    if received_bytes > limit_bytes:
        raise OverBudget(f"the upload is larger than {limit_bytes} bytes")


class _Feed:
    """Drives the parser, which pushes, at the pace of a reader, who pulls."""

    def __init__(self, pieces: AsyncIterator[bytes], boundary: bytes) -> None:
        self._pieces = pieces
        self._heads: deque[bytes] = deque()  # Content-Disposition of the parts that have begun
        self._data: deque[bytes | None] = deque()  # None ends a part
        self._head = _Head()
        self._complete = False
        self._empty = True
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_field": lambda data, start, end: self._head.add_name(data[start:end]),
                "on_header_value": lambda data, start, end: self._head.add_value(data[start:end]),
                "on_header_end": self._head.end,
                "on_headers_finished": self._begin,
                "on_part_data": lambda data, start, end: self._data.append(data[start:end]),
                "on_part_end": lambda: self._data.append(None),
                "on_end": self._end,
            },
        )

    async def part(self) -> Part | None:
        """The next part that has begun; None after the last."""
        while not self._heads:
            if not await self._more():
                return None
        _, options = parse_options_header(self._heads.popleft())
        name, file_name = (options.get(key, b"").decode("utf-8", "replace") for key in (b"name", b"filename"))
        return Part(name, file_name.replace("%22", '"'), self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            while self._data:
                data = self._data.popleft()
                if data is None:
                    return
                yield data
            await self._more()

    async def _more(self) -> bool:
        """Parse one more piece of the body; False when it has ended as it should."""
        piece = await anext(self._pieces, b"")
        if not piece:
            if self._complete or self._empty:
                return False
            raise HTTPException(400, "the multipart body is cut off before its last boundary")
        self._empty = False
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise HTTPException(400, "the multipart body is malformed") from error
        return True

    def _begin(self) -> None:
        self._heads.append(self._head.taken())

    def _end(self) -> None:
        self._complete = True


@dataclass
class _Head:
    """The headers of a part, of which one is wanted."""

    _disposition: bytes = b""
    _name: bytes = b""
    _value: bytes = b""

    def add_name(self, data: bytes) -> None:
        self._name = _short(self._name + data)

    def add_value(self, data: bytes) -> None:
        self._value = _short(self._value + data)

    def end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def taken(self) -> bytes:
        """The Content-Disposition of the part that begins; forgotten then."""
        disposition, self._disposition = self._disposition, b""
        return disposition


def _short(header: bytes) -> bytes:
    if len(header) > LONGEST_HEAD:
        raise HTTPException(400, "the multipart body has a part with a header of absurd length")
    return header
