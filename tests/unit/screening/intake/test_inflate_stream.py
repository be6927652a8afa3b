"""Streaming decompression: the bytes of zlib, in bounded chunks, with an error for damaged data."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.intake.inflate_stream import CHUNK_BYTES, GZIP, RAW, BrokenStream, inflate, inflate_start


def deflated(data: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, RAW)
    return deflater.compress(data) + deflater.flush()


@settings(deadline=None)
@given(st.binary(max_size=500), st.integers(1, 9000), st.integers(1, 40))
def test_chunks_join_to_the_data(seed: bytes, times: int, cut: int) -> None:
    data = seed * times
    packed = deflated(data)
    pieces = list(inflate((packed[at : at + cut * 100] for at in range(0, len(packed), cut * 100)), RAW))
    assert b"".join(pieces) == data
    assert all(len(piece) <= CHUNK_BYTES for piece in pieces)


def test_gzip_has_its_own_wrapper() -> None:
    assert b"".join(inflate([gzip.compress(b"slice")], GZIP)) == b"slice"


@pytest.mark.parametrize("packed", [deflated(b"slice" * 1000)[:-3], b"\xff" * 20, b""], ids=["cut", "noise", "nothing"])
def test_damaged_data_raise(packed: bytes) -> None:
    with pytest.raises(BrokenStream):
        list(inflate([packed], RAW))


def test_the_start_of_damaged_data_raises_too() -> None:
    with pytest.raises(BrokenStream):
        inflate_start(b"\xff" * 20, 10)


def test_a_bomb_can_be_stopped_after_one_chunk() -> None:
    bomb = inflate([deflated(bytes(100 * CHUNK_BYTES))], RAW)
    assert len(next(bomb)) == CHUNK_BYTES
