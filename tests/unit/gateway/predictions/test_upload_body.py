"""Request bodies become files, byte for byte, within the limit, and the files are deleted afterwards."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from gateway.predictions.upload_body import MAX_FILES, received_uploads
from screening.errors import EmptyUpload, OverBudget

BOUNDARY = "b0undary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(*parts: tuple[str, str, bytes], end: bool = True) -> bytes:
    body = b""
    for field, name, content in parts:
        disposition = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
        body += f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: application/zip\r\n\r\n".encode() + content + b"\r\n"
    return body + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def request_of(pieces: Sequence[bytes], content_type: str) -> Request:
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return messages.pop(0)

    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", content_type.encode())]}, receive)


async def contents(request: Request, folder: Path, limit: int = 10**6) -> list[tuple[str, bytes]]:
    async with received_uploads(request, folder, limit) as uploads:
        found = [(upload.name, upload.path.read_bytes()) for upload in uploads]
        assert all(upload.scratch.is_dir() for upload in uploads)
    assert is_empty(folder)
    return found


def is_empty(folder: Path) -> bool:
    return not list(folder.iterdir())


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(content=st.binary(min_size=1, max_size=300), size=st.integers(1, 64))
async def test_any_bytes_in_any_pieces_arrive_whole(tmp_path: Path, content: bytes, size: int) -> None:
    body = multipart(("note", "n.txt", b"dropped"), ("file", "a.zip", content), ("file", "b.zip", content[::-1]))
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    found = await contents(request_of(pieces, MULTIPART), tmp_path)
    assert found == [("a.zip", content), ("b.zip", content[::-1])]


async def test_a_bare_body_is_one_upload(tmp_path: Path) -> None:
    assert await contents(request_of([b"PK", b"zip"], "application/zip"), tmp_path) == [("upload", b"PKzip")]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("../../etc/passwd", "passwd"), (r"C:\scans\a.zip", "a.zip"), ("", "upload"), ("снимок.zip", "снимок.zip")],
)
async def test_file_names_lose_their_folders(tmp_path: Path, sent: str, kept: str) -> None:
    found = await contents(request_of([multipart(("file", sent, b"x"))], MULTIPART), tmp_path)
    assert found == [(kept, b"x")]


async def test_the_limit_holds_while_reading(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    stream = endless()

    async def receive() -> Message:
        return {"type": "http.request", "body": await anext(stream), "more_body": True}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(OverBudget):
        await contents(request, tmp_path, limit=10_000)
    assert is_empty(tmp_path)


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (b"", "application/zip", EmptyUpload),
        (b"", MULTIPART, EmptyUpload),
        (multipart(), MULTIPART, EmptyUpload),
        (multipart(("study", "a.zip", b"x")), MULTIPART, EmptyUpload),
        (multipart(("file", "a.zip", b"x"), end=False), MULTIPART, HTTPException),
        (b"nonsense", MULTIPART, HTTPException),
        (b"x", "multipart/form-data", HTTPException),
        (multipart(*[("file", "a", b"x")] * (MAX_FILES + 1)), MULTIPART, OverBudget),
    ],
)
async def test_an_invalid_body_is_refused_and_leaves_no_file(
    tmp_path: Path, body: bytes, content_type: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await contents(request_of([body], content_type), tmp_path)
    assert is_empty(tmp_path)
