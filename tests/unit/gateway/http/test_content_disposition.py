"""Content-Disposition, parsed as browsers parse it."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart.multipart import parse_options_header

from gateway.http.content_disposition import attachment
from gateway.http.multipart import safe_file_name


@given(st.text(max_size=60))
def test_any_file_name_survives_the_header_round_trip(sent: str) -> None:
    name = safe_file_name(sent.encode(errors="replace").decode())
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    kind, options = parse_options_header(header)
    assert kind == b"attachment"
    assert set(options) == {b"filename"}  # this parser reads the ASCII name only
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chest.zip", "attachment; filename=\"chest.zip\"; filename*=UTF-8''chest.zip"),
        ('a "b".zip', "attachment; filename=\"a _b_.zip\"; filename*=UTF-8''a%20%22b%22.zip"),
        ("снимок", "attachment; filename=\"______\"; filename*=UTF-8''%D1%81%D0%BD%D0%B8%D0%BC%D0%BE%D0%BA"),
    ],
)
def test_header_text(name: str, expected: str) -> None:
    assert attachment(name) == expected
