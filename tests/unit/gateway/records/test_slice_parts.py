"""DICOM files that come as parts of their own are stored as one tar, which intake reads back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ObjectMissing
from gateway.records.slice_parts import file_chunks, peek, tar_chunks, tar_offsets, write_file
from screening.intake.budgets import Budgets
from screening.intake.file_signature import FIRST_BYTES, has_known_signature, may_be_slice
from screening.intake.upload import open_upload
from tests.dicom_factory import ct_slice, to_bytes


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def tar_of(files: list[Path]) -> AsyncIterator[bytes]:
    return tar_chunks((path.stat().st_size, file_chunks(path)) for path in files)


@given(st.lists(st.binary(max_size=400), max_size=6))
async def test_a_stream_that_was_peeked_at_is_whole(pieces: list[bytes]) -> None:
    start, chunks = await peek(stream(*pieces))
    assert await whole(chunks) == b"".join(pieces)
    assert start == b"".join(pieces)[:FIRST_BYTES]


@pytest.mark.parametrize("preamble", [True, False])
def test_dicom_is_told_from_other_files(preamble: bool) -> None:
    assert may_be_slice(to_bytes(ct_slice(), preamble=preamble)[:FIRST_BYTES])
    assert not may_be_slice(b"PK\x03\x04")


async def test_the_tar_is_read_back_as_the_same_files(tmp_path: Path) -> None:
    contents = [to_bytes(ct_slice(0)), b"", b"x" * 512, b"y" * 1000]
    files = [tmp_path / str(number) for number in range(len(contents))]
    for path, content in zip(files, contents, strict=True):
        await write_file(path, stream(content))
    upload = tmp_path / "upload"
    await write_file(upload, tar_of(files))
    assert has_known_signature(upload.read_bytes()[:FIRST_BYTES])
    assert [member.read() for member in open_upload(upload, tmp_path / "scratch", Budgets())] == contents
    assert await whole(tar_of(files)) == upload.read_bytes()


@pytest.mark.parametrize("size", [2, 4])
async def test_a_file_of_another_size_than_it_had_makes_no_tar(size: int) -> None:
    with pytest.raises(ObjectMissing, match="shorter or longer"):
        await whole(tar_chunks([(size, stream(b"abc"))]))


@given(st.lists(st.integers(0, 2000), max_size=5))
async def test_the_offsets_are_where_the_files_begin(sizes: list[int]) -> None:
    contents = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    tar = await whole(tar_chunks((len(one), stream(one)) for one in contents))
    assert [tar[at : at + size] for at, size in zip(tar_offsets(sizes), sizes, strict=True)] == contents
