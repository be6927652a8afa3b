"""The body of a request -> files in a scratch folder, counted while they are read and gone when the request is.

Takes multipart/form-data (every part named `file`) and a bare body, which is one upload. Names of parts are the
client's: they go into its answer and nowhere else, not into a path and not into a log.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import BinaryIO, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.services.analysis import Upload
from screening.errors import EmptyUpload, OverBudget

FIELD: Final = b"file"
MULTIPART: Final = b"multipart/form-data"
LONGEST_NAME: Final = 255
MOST_FILES: Final = 256


@asynccontextmanager
async def received(request: Request, folder: Path | None, limit_bytes: int) -> AsyncIterator[tuple[Upload, ...]]:
    """The uploads of a request; raises OverBudget once the body passes `limit_bytes`, EmptyUpload without a file."""
    scratch = Path(mkdtemp(prefix="turnstile-", dir=folder))
    try:
        yield await _receive(request, scratch, limit_bytes)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _receive(request: Request, scratch: Path, limit_bytes: int) -> tuple[Upload, ...]:
    kind, options = parse_options_header(request.headers.get("content-type"))
    sink = _Sink(scratch)
    parser = _multipart(options.get(b"boundary"), sink) if kind == MULTIPART else None
    if parser is None:
        sink.begin("upload")
    received_bytes = 0
    try:
        async for piece in request.stream():
            received_bytes += len(piece)
            if received_bytes > limit_bytes:
                raise OverBudget(f"the upload is larger than {limit_bytes} bytes")
            (parser or sink).write(piece)
    except FormParserError as error:
        raise HTTPException(400, "the multipart body is malformed") from error
    finally:
        sink.end()
    if parser is not None and received_bytes and not sink.complete:
        raise HTTPException(400, "the multipart body is cut off before its last boundary")
    if received_bytes == 0 or not sink.uploads:
        raise EmptyUpload("send the study as a multipart field named 'file', or as the body itself")
    return tuple(sink.uploads)


@dataclass
class _Sink:
    """Writes one part after the other, each into a file of its own with a neutral name."""

    scratch: Path
    uploads: list[Upload] = field(default_factory=list)
    complete: bool = False
    _open: BinaryIO | None = None

    def begin(self, name: str) -> None:
        number = len(self.uploads)
        if number == MOST_FILES:
            raise OverBudget(f"the request holds more than {MOST_FILES} files; send them in several requests")
        path = self.scratch / f"upload-{number}"
        work = self.scratch / f"work-{number}"
        work.mkdir()
        self.uploads.append(Upload(path, _plain(name), work))
        self._open = path.open("wb")

    def write(self, data: bytes) -> None:
        if self._open is not None:
            self._open.write(data)

    def finish(self) -> None:
        self.complete = True

    def end(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


def _multipart(boundary: bytes | None, sink: _Sink) -> MultipartParser:
    """A parser that hands the parts named `file` to the sink and drops the rest unread."""
    if not boundary:
        raise HTTPException(400, "the multipart body has no boundary")
    header: dict[str, bytes] = {"name": b"", "value": b"", "disposition": b""}

    def header_end() -> None:
        if header["name"].lower() == b"content-disposition":
            header["disposition"] = header["value"]
        header.update(name=b"", value=b"")

    def headers_finished() -> None:
        _, options = parse_options_header(header["disposition"])
        header["disposition"] = b""
        if options.get(b"name") == FIELD:
            sink.begin(options.get(b"filename", b"").decode("utf-8", "replace"))

    return MultipartParser(
        boundary,
        {
            "on_header_field": lambda data, start, end: header.update(name=header["name"] + data[start:end]),
            "on_header_value": lambda data, start, end: header.update(value=header["value"] + data[start:end]),
            "on_header_end": header_end,
            "on_headers_finished": headers_finished,
            "on_part_data": lambda data, start, end: sink.write(data[start:end]),
            "on_part_end": sink.end,
            "on_end": sink.finish,
        },
    )


def _plain(name: str) -> str:
    """The last part of the client's name, without control characters."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in base if letter.isprintable())[:LONGEST_NAME] or "upload"
