"""Every packing gives back what went in, in small pieces, and damage raises one error."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator

import inflate64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.intake.inflate_stream import CHUNK_BYTES, BrokenStream
from screening.intake.unpacking import CompressionMethod, bunzip, gunzip, unpack, unxz


def deflate64(content: bytes) -> bytes:
    deflater = inflate64.Deflater()
    return bytes(deflater.deflate(content) + deflater.flush())


def as_in_zip(content: bytes, packing: CompressionMethod) -> bytes:
    """The packed bytes of the only member of a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", int(packing)) as archive:
        archive.writestr("a", content)
        entry = archive.infolist()[0]
    return buffer.getvalue()[31 : 31 + entry.compress_size]  # 30 bytes and a name of one letter


def packed(content: bytes, packing: CompressionMethod) -> bytes:
    return deflate64(content) if packing is CompressionMethod.DEFLATE64 else as_in_zip(content, packing)


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


CONTENT = bytes(range(256)) * 300 + bytes(400_000)
FILES: list[tuple[Callable[[bytes], bytes], Callable[[Iterator[bytes]], Iterator[bytes]]]] = [
    (gzip.compress, gunzip),
    (bz2.compress, bunzip),
    (lzma.compress, unxz),
]


@pytest.mark.parametrize("size", [1, 7, 1000, 10**7])
@pytest.mark.parametrize("packing", list(CompressionMethod))
def test_what_a_zip_packs_comes_back_whatever_the_pieces(packing: CompressionMethod, size: int) -> None:
    assert b"".join(unpack(in_pieces(packed(CONTENT, packing), size), packing)) == CONTENT


@pytest.mark.parametrize("size", [1, 7, 10**7])
@pytest.mark.parametrize(("pack", "unpacker"), FILES)
def test_what_a_file_is_packed_in_comes_back(
    pack: Callable[[bytes], bytes], unpacker: Callable[[Iterator[bytes]], Iterator[bytes]], size: int
) -> None:
    assert b"".join(unpacker(in_pieces(pack(CONTENT), size))) == CONTENT


@pytest.mark.parametrize("size", [1, 7, 10**7])
@pytest.mark.parametrize(("pack", "unpacker"), FILES)
def test_streams_one_behind_the_other_are_one_file(
    pack: Callable[[bytes], bytes], unpacker: Callable[[Iterator[bytes]], Iterator[bytes]], size: int
) -> None:
    """As pigz, bgzip, pbzip2 and pixz write."""
    data = pack(CONTENT[:1000]) + pack(CONTENT[1000:])
    assert b"".join(unpacker(in_pieces(data, size))) == CONTENT


@pytest.mark.parametrize("size", [1, 7, 10**7])
def test_zeros_may_stand_between_the_streams_of_xz(size: int) -> None:
    data = lzma.compress(CONTENT[:1000]) + bytes(8) + lzma.compress(CONTENT[1000:]) + bytes(4)
    assert b"".join(unxz(in_pieces(data, size))) == CONTENT


@pytest.mark.parametrize(("pack", "unpacker"), FILES[1:])
def test_what_stands_behind_a_stream_and_is_none_is_broken(
    pack: Callable[[bytes], bytes], unpacker: Callable[[Iterator[bytes]], Iterator[bytes]]
) -> None:
    with pytest.raises(BrokenStream):
        list(unpacker(iter([pack(CONTENT) + b"something else"])))


@pytest.mark.parametrize(("pack", "unpacker"), FILES)
def test_a_file_that_is_cut_off_is_broken(
    pack: Callable[[bytes], bytes], unpacker: Callable[[Iterator[bytes]], Iterator[bytes]]
) -> None:
    with pytest.raises(BrokenStream):
        list(unpacker(iter([pack(CONTENT)[:-20]])))


@pytest.mark.parametrize("packing", [one for one in CompressionMethod if one is not CompressionMethod.STORED])
def test_a_bomb_comes_in_small_pieces(packing: CompressionMethod) -> None:
    pieces = unpack(iter([packed(bytes(64 * CHUNK_BYTES), packing)]), packing)
    assert max(len(next(pieces)) for _ in range(4)) <= 16 * CHUNK_BYTES


@given(st.sampled_from(list(CompressionMethod)), st.binary(max_size=300), st.integers(1, 300))
def test_garbage_is_broken_or_bytes(packing: CompressionMethod, garbage: bytes, size: int) -> None:
    try:
        for piece in unpack(in_pieces(garbage, size), packing):
            assert len(piece) <= 16 * CHUNK_BYTES
    except BrokenStream:
        pass
