"""The size that a compressed stream declares, with markers built by hand."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.dicom.codestream import check_tiles, read_codestream_header

SIDE = st.integers(1, 65_535)


def jpeg(rows: int, columns: int, marker: int = 0xC3, before: bytes = b"") -> bytes:
    frame = struct.pack(">BBHBHHB", 0xFF, marker, 11, 12, rows, columns, 1) + b"\1\x11\0"
    return b"\xff\xd8" + before + frame + b"\xff\xda\x00\x08"


@given(rows=SIDE, columns=SIDE, marker=st.sampled_from([0xC0, 0xC1, 0xC2, 0xC3, 0xF7]))
def test_jpeg_and_jpeg_ls(rows: int, columns: int, marker: int) -> None:
    tables = b"\xff\xc4\x00\x05abc" + b"\xff\xff\xff\xe0\x00\x02"
    assert read_codestream_header(jpeg(rows, columns, marker, tables))[:5] == (rows, columns, 1, 12, False)


@given(rows=SIDE, columns=SIDE, top=st.integers(0, 99), left=st.integers(0, 99))
def test_jpeg_2000(rows: int, columns: int, top: int, left: int) -> None:
    siz = struct.pack(">HHIIII16xHB", 41, 0, columns + left, rows + top, left, top, 1, 0x80 | 11)
    assert read_codestream_header(b"boxes\xff\x4f\xff\x51" + siz)[:5] == (rows, columns, 1, 12, True)


@pytest.mark.parametrize(
    "stream",
    [
        jpeg(8, 8)[:-4],
        jpeg(8, 8, before=b"\xff\xc4\x00\x09abc"),
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xc4\x00\x02",
        b"\xff\xd8abcdefgh",
        b"RLE or text",
    ],
)
def test_a_stream_without_a_size(stream: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        read_codestream_header(stream)


def test_a_jpeg_of_fill_bytes_is_no_jpeg() -> None:
    """ITU-T T.81 B.1.1.2 allows any number of fill bytes before a marker; a few are met."""
    with pytest.raises(ValueError, match="segments"):
        read_codestream_header(b"\xff\xd8" + b"\xff" * 10**6)


def tiled(side: int, tiles: list[int], last_length: int = 16) -> bytes:
    """JPEG 2000 of 100 x 70 pixels in tiles of `side` from (5, 3) on, with an empty part for each of `tiles`."""
    siz = struct.pack(">HH8IHBBB", 41, 0, 110, 80, 10, 10, side, side, 5, 3, 1, 11, 1, 1)
    lengths = [*[16] * (len(tiles) - 1), last_length]
    parts = (
        struct.pack(">2sHHLBB2s2s", b"\xff\x90", 10, tile, length, 0, 1, b"\xff\x93", b"..")
        for tile, length in zip(tiles, lengths, strict=True)
    )
    return b"\xff\x4f\xff\x51" + siz + b"\xff\x64\x00\x05abc" + b"".join(parts) + b"\xff\xd9"


@pytest.mark.parametrize(("side", "count"), [(110, 1), (60, 4), (20, 24)])
def test_every_tile_must_be_there(side: int, count: int) -> None:
    for tiles in (list(range(count)), [*reversed(range(count)), 0]):
        check_tiles(tiled(side, tiles))
        check_tiles(tiled(side, tiles, last_length=0))
    for lacking in (list(range(1, count + 1)), [0] * (count - 1) + [count]):
        with pytest.raises(ValueError, match="tiles"):
            check_tiles(tiled(side, lacking))


@pytest.mark.parametrize("stream", [b"", b"\xff\x4f\xff\x51", tiled(60, [0, 1, 2, 3])[:60], tiled(0, [0])])
def test_tiles_of_a_damaged_stream(stream: bytes) -> None:
    with pytest.raises((ValueError, struct.error)):
        check_tiles(stream)
