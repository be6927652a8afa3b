"""Streaming multipart: any parts in chunks of any size, and hostile input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.http.multipart import MAX_FIELD_BYTES, MAX_HEADER_BYTES, parts, safe_file_name
from screening.errors import OverBudget
from tests.unit.gateway.predictions.test_upload_body import BOUNDARY, MULTIPART, multipart, request_of

Parts = list[tuple[str, str, bytes]]


async def read_parts(request: Request, limit: int = 10**6) -> Parts:
    found: Parts = []
    async for part in parts(request, limit):
        found.append((part.name, part.file_name, b"".join([chunk async for chunk in part.chunks])))
    return found


@given(contents=st.lists(st.binary(max_size=200), max_size=4), size=st.integers(1, 50))
async def test_any_parts_in_any_pieces(contents: list[bytes], size: int) -> None:
    body = multipart(*[(f"field{number}", f"{number}.zip", content) for number, content in enumerate(contents)])
    found = await read_parts(request_of([body[start : start + size] for start in range(0, len(body), size)], MULTIPART))
    assert found == [(f"field{number}", f"{number}.zip", content) for number, content in enumerate(contents)]


async def test_an_unread_part_is_skipped() -> None:
    body = multipart(("a", "", b"x" * 1000), ("b", "", b"y"))
    request = request_of([body[:100], body[100:]], MULTIPART)
    assert [part.name async for part in parts(request, 10**6)] == ["a", "b"]


async def test_a_too_long_part_header_is_refused_before_it_fills_the_memory() -> None:
    head = f"--{BOUNDARY}\r\nContent-Disposition: ".encode()
    pieces = [head, *[b"x" * 1000] * (MAX_HEADER_BYTES // 1000 + 2)]
    with pytest.raises(HTTPException) as refused:
        await read_parts(request_of(pieces, MULTIPART))
    assert refused.value.status_code == 400


async def test_a_declared_length_above_the_limit_is_refused_before_any_read() -> None:
    async def receive() -> None:
        raise AssertionError("nothing may be read")

    headers = [(b"content-type", MULTIPART.encode()), (b"content-length", b"1000001")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)  # type: ignore[arg-type] # never called
    with pytest.raises(OverBudget):
        await read_parts(request)


@pytest.mark.parametrize(("content", "status"), [(b"\xff", 400), (b"x" * (MAX_FIELD_BYTES + 1), 413)])
async def test_an_invalid_text_field_is_refused(content: bytes, status: int) -> None:
    request = request_of([multipart(("description", "", content))], MULTIPART)
    part = await anext(parts(request, 10**6))
    with pytest.raises(HTTPException) as refused:
        await part.text()
    assert refused.value.status_code == status


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\scans\a.zip", "a.zip"),
        ("..", "upload"),
        ("a\0b\r\nc.zip", "abc.zip"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "upload"),
        ('say "a".zip', 'say "a".zip'),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_name_keeps_neither_folders_nor_control_characters(sent: str, kept: str) -> None:
    assert safe_file_name(sent) == kept


async def test_quotes_in_a_name_arrive_as_browsers_send_them() -> None:
    ((_, name, _),) = await read_parts(request_of([multipart(("file", "a%22b%22.zip", b"x"))], MULTIPART))
    assert name == 'a"b".zip'
