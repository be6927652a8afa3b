"""Request bodies become files, byte for byte, within the limit, and the files are deleted afterwards."""

import gzip
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from gateway.http.multipart import MAX_FILES
from gateway.predictions.upload_body import received_uploads
from screening.errors import EmptyUpload, OverBudget
from screening.intake.file_signature import may_be_slice

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
    assume(not may_be_slice(content) and not may_be_slice(content[::-1]))  # slices are stored together
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


RELATED = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
SLICE = bytes(128) + b"DICM"


def related(*contents: bytes) -> bytes:
    """The body of a DICOMweb store request (PS3.18 10.5)."""
    parts = [f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + one + b"\r\n" for one in contents]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def names_and_files(request: Request, folder: Path, limit: int = 10**6) -> list[tuple[str, list[bytes]]]:
    async with received_uploads(request, folder, limit) as uploads:
        found = []
        for upload in uploads:
            files = sorted(upload.path.iterdir()) if upload.path.is_dir() else [upload.path]
            found.append((upload.name, sorted(file.read_bytes() for file in files)))
    assert is_empty(folder)
    return found


async def test_slices_in_parts_of_their_own_are_one_upload(tmp_path: Path) -> None:
    slices = [SLICE + str(number).encode() for number in range(MAX_FILES + 10)]
    sent = [("file", f"IM{number}.dcm", content) for number, content in enumerate(slices)]
    request = request_of([multipart(*sent, ("file", "other.zip", b"PK\3\4"))], MULTIPART)
    assert await names_and_files(request, tmp_path) == [
        ("other.zip", [b"PK\3\4"]),
        (f"IM0.dcm and {len(slices) - 1} more", sorted(slices)),
    ]


async def test_one_slice_keeps_its_name(tmp_path: Path) -> None:
    request = request_of([multipart(("file", "a.dcm", SLICE))], MULTIPART)
    assert await names_and_files(request, tmp_path) == [("a.dcm", [SLICE])]


async def test_a_store_request_of_dicomweb_is_one_upload(tmp_path: Path) -> None:
    request = request_of([related(SLICE + b"1", SLICE + b"2")], RELATED)
    assert await names_and_files(request, tmp_path) == [("upload and 1 more", [SLICE + b"1", SLICE + b"2"])]


def coded(pieces: list[bytes], content_type: str, coding: str) -> Request:
    request = request_of(pieces, content_type)
    request.scope["headers"].append((b"content-encoding", coding.encode()))
    return request


@pytest.mark.parametrize("size", [1, 7, 10**6])
async def test_a_body_in_gzip_is_unpacked_as_it_arrives(tmp_path: Path, size: int) -> None:
    packed = gzip.compress(multipart(("file", "a.zip", b"x" * 1000)))
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert await names_and_files(coded(pieces, MULTIPART, "gzip"), tmp_path) == [("a.zip", [b"x" * 1000])]
    bare = coded([gzip.compress(b"zip")], "application/zip", "X-GZIP")
    assert await names_and_files(bare, tmp_path) == [("upload", [b"zip"])]


@pytest.mark.parametrize(
    ("content", "coding", "status"),
    [
        (b"x", "br", 415),
        (b"x", "gzip, br", 415),
        (b"no gzip", "gzip", 400),
        (gzip.compress(b"x", mtime=0)[:-6], "gzip", 400),
    ],
)
async def test_a_coding_that_is_not_read_is_named(tmp_path: Path, content: bytes, coding: str, status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        await contents(coded([content], "application/zip", coding), tmp_path)
    assert refused.value.status_code == status
    assert "Content-Encoding" in refused.value.detail
    assert is_empty(tmp_path)


async def test_a_bomb_in_gzip_is_stopped_by_the_limit(tmp_path: Path) -> None:
    with pytest.raises(OverBudget):
        await contents(coded([gzip.compress(bytes(10**8))], "application/zip", "gzip"), tmp_path, limit=10**6)
    assert is_empty(tmp_path)
