"""Range, If-Range and If-None-Match, compared with a simple implementation of RFC 9110."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from gateway.errors import RangeNotSatisfiable
from gateway.http.ranges import is_cached, requested_range

TAG = '"abc"'


def request_with(method: str = "GET", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": raw})


@given(first=st.integers(0, 40), last=st.integers(0, 40), size=st.integers(0, 30))
def test_first_to_last(first: int, last: int, size: int) -> None:
    request = request_with(range=f"bytes={first}-{last}")
    if last < first:  # RFC 9110 14.1.1: invalid, so it is ignored
        assert requested_range(request, size, TAG) is None
    elif first >= size:
        with pytest.raises(RangeNotSatisfiable) as refused:
            requested_range(request, size, TAG)
        assert refused.value.headers == {"Content-Range": f"bytes */{size}"}
    else:
        start, end = requested_range(request, size, TAG) or (0, 0)
        assert list(range(size))[first : last + 1] == list(range(start, end))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("bytes=3-", (3, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("Bytes = 0 - 0", None),
        ("bytes = 0 - 0", (0, 1)),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=9999999999999999999-", None),
        ("lines=0-1", None),
        ("", None),
    ],
)
def test_other_forms_of_range(sent: str, expected: tuple[int, int] | None) -> None:
    assert requested_range(request_with(range=sent), 10, TAG) == expected


@pytest.mark.parametrize("sent", ["bytes=10-", "bytes=-0", "bytes=10-12"])
def test_a_range_outside_the_file_is_refused(sent: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        requested_range(request_with(range=sent), 10, TAG)


def test_if_range_limits_a_range_to_its_entity_tag() -> None:
    assert requested_range(request_with(range="bytes=0-4", if_range=TAG), 10, TAG) == (0, 5)
    assert requested_range(request_with(range="bytes=0-4", if_range='"other"'), 10, TAG) is None
    assert requested_range(request_with(range="bytes=0-4", if_range=f"W/{TAG}"), 10, TAG) is None
    assert requested_range(request_with("HEAD", range="bytes=0-4"), 10, TAG) is None


@pytest.mark.parametrize(
    ("sent", "known"),
    [(TAG, True), (f'"x", W/{TAG}', True), ("*", True), ('"abcd"', False), ("abc", False), ("", False)],
)
def test_if_none_match(sent: str, known: bool) -> None:
    assert is_cached(request_with(if_none_match=sent), TAG) is known
