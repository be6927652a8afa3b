"""Bodies with a content coding arrive whole, or are refused."""

import gzip
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from gateway.http.content_coding import decoded


async def whole(packed: bytes, size: int, coding: str = "gzip") -> bytes:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(packed), size):
            yield packed[start : start + size]

    return b"".join([chunk async for chunk in decoded(pieces(), coding)])


def members(contents: Sequence[bytes]) -> bytes:
    return b"".join(gzip.compress(content) for content in contents)


@given(contents=st.lists(st.binary(max_size=400), min_size=1, max_size=4), size=st.integers(1, 200))
async def test_every_member_arrives_in_whatever_pieces(contents: list[bytes], size: int) -> None:
    assert await whole(members(contents), size) == b"".join(contents)


@given(contents=st.lists(st.binary(max_size=400), min_size=1, max_size=3), lost=st.integers(1, 12))
async def test_a_body_that_is_cut_off_is_refused(contents: list[bytes], lost: int) -> None:
    with pytest.raises(HTTPException) as refused:
        await whole(members(contents)[:-lost], 64)
    assert refused.value.status_code == 400


async def test_a_body_that_is_no_gzip_is_refused() -> None:
    with pytest.raises(HTTPException) as refused:
        await whole(b"PK\x03\x04 a zip", 5)
    assert refused.value.status_code == 400


@pytest.mark.parametrize(("coding", "status"), [("br", 415), ("deflate", 415), ("gzip, gzip", 415)])
async def test_other_codings_are_refused(coding: str, status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        await whole(b"x", 1, coding)
    assert refused.value.status_code == status


@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
async def test_without_a_coding_bytes_stay(coding: str) -> None:
    assert await whole(b"as it is", 3, coding) == b"as it is"
