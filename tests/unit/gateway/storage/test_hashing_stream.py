"""Blocks of a stream: hashed and written whole and in order, whatever its chunks are, also when it ends early."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.storage.hashing_stream import BLOCK_BYTES, HashingStream, StoredBlob

SIZES = st.lists(
    st.sampled_from([0, 1, 1000, BLOCK_BYTES // 2, BLOCK_BYTES - 1, BLOCK_BYTES, 3 * BLOCK_BYTES]), max_size=6
)


async def stream(chunks: Sequence[bytes], error: BaseException | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)
    if error is not None:
        raise error


def chunks_of(sizes: Sequence[int]) -> list[bytes]:
    return [bytes([number % 251 + 1]) * size for number, size in enumerate(sizes)]


@settings(max_examples=25)
@given(sizes=SIZES)
def test_what_is_written_and_passed_on_is_the_stream(sizes: list[int]) -> None:
    chunks, written = chunks_of(sizes), bytearray()
    whole = b"".join(chunks)

    async def run() -> tuple[StoredBlob, list[bytes]]:
        blob = await HashingStream(stream(chunks)).into(lambda block: written.extend(b"".join(block)))
        return blob, [block async for block in HashingStream(stream(chunks)).blocks()]

    blob, blocks = asyncio.run(run())
    assert blob == StoredBlob(hashlib.sha256(whole).hexdigest(), len(whole))
    assert bytes(written) == b"".join(blocks) == whole
    assert all(len(block) >= BLOCK_BYTES for block in blocks[:-1])


async def test_a_stream_that_fails_waits_for_the_block_that_is_being_written() -> None:
    """Its file is deleted next: a thread that still writes would write into nothing, or into another file."""
    may_end, ended = threading.Event(), threading.Event()

    def write(_block: Sequence[bytes]) -> None:
        assert may_end.wait(60)
        ended.set()

    async def cut() -> AsyncIterator[bytes]:
        yield bytes(BLOCK_BYTES)
        yield b"and more"
        asyncio.get_running_loop().call_later(0.05, may_end.set)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await HashingStream(cut()).into(write)
    assert ended.is_set()


async def test_an_error_of_writing_ends_the_stream() -> None:
    def full(_block: Sequence[bytes]) -> None:
        raise OSError(28, "no space")

    with pytest.raises(OSError, match="no space"):
        await HashingStream(stream([bytes(BLOCK_BYTES)] * 3)).into(full)


@pytest.mark.parametrize("blocks", [1, 2], ids=["while it receives", "while it waits for a block"])
async def test_a_cancelled_upload_waits_too(blocks: int) -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def write(_block: Sequence[bytes]) -> None:
        begun.set()
        assert may_end.wait(60)
        ended.set()

    async def silent() -> AsyncIterator[bytes]:
        for _ in range(blocks):
            yield bytes(BLOCK_BYTES)
        await asyncio.Event().wait()

    task = asyncio.create_task(HashingStream(silent()).into(write))
    await asyncio.to_thread(begun.wait, 60)
    task.cancel()
    asyncio.get_running_loop().call_later(0.05, may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
