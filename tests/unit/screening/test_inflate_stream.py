"""Deflate undone: the same bytes as zlib gives at once, in small pieces, and never past damage."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.inflate_stream import GZIP, PIECE, RAW, BrokenStream, inflated, inflated_start


def deflated(data: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, RAW)
    return deflater.compress(data) + deflater.flush()


@settings(deadline=None)
@given(st.binary(max_size=500), st.integers(1, 9000), st.integers(1, 40))
def test_pieces_join_to_the_whole(seed: bytes, times: int, cut: int) -> None:
    data = seed * times
    packed = deflated(data)
    pieces = list(inflated((packed[at : at + cut * 100] for at in range(0, len(packed), cut * 100)), RAW))
    assert b"".join(pieces) == data
    assert all(len(piece) <= PIECE for piece in pieces)


def test_gzip_has_its_own_wrapper() -> None:
    assert b"".join(inflated([gzip.compress(b"slice")], GZIP)) == b"slice"


@pytest.mark.parametrize("packed", [deflated(b"slice" * 1000)[:-3], b"\xff" * 20, b""], ids=["cut", "noise", "nothing"])
def test_damage_is_told(packed: bytes) -> None:
    with pytest.raises(BrokenStream):
        list(inflated([packed], RAW))


def test_the_start_of_noise_is_told_too() -> None:
    with pytest.raises(BrokenStream):
        inflated_start(b"\xff" * 20, 10)


def test_a_bomb_can_be_left_after_one_piece() -> None:
    bomb = inflated([deflated(bytes(100 * PIECE))], RAW)
    assert len(next(bomb)) == PIECE
