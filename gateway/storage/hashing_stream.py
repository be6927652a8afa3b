"""Hashes a stream while it is passed on or written: in blocks and in a thread, so that the loop is not blocked."""

import asyncio
import hashlib
from asyncio import Task
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

BLOCK_BYTES: Final = 2**20  # at once in a thread: a hop to it and back costs as much as hashing 100 KiB


@dataclass(frozen=True)
class StoredBlob:
    """The sha256 and the size in bytes of a blob."""

    sha256: str
    size: int


class HashingStream:
    """Passes chunks of any size on as blocks; `blob` is complete after the last block."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._hash = hashlib.sha256()
        self._size = 0

    @property
    def blob(self) -> StoredBlob:
        return StoredBlob(self._hash.hexdigest(), self._size)

    async def blocks(self) -> AsyncIterator[bytes]:
        """The bytes of the stream, joined to blocks."""
        async for block in _blocks_of(self._chunks):
            await asyncio.to_thread(self._add, block)
            yield b"".join(block)

    async def into(self, write: Callable[[Sequence[bytes]], object]) -> StoredBlob:
        """Hash every block and give it to `write`, in one thread, while the next one arrives; returns `blob`."""
        running: Task[None] | None = None
        try:
            async for block in _blocks_of(self._chunks):
                if running is not None:
                    await asyncio.shield(running)
                running = asyncio.create_task(asyncio.to_thread(self._add, block, write))
            if running is not None:
                await asyncio.shield(running)
        finally:
            if running is not None:
                await asyncio.wait([running])  # it still writes when the stream fails or is cancelled
                running.exception()  # that of the stream is raised
        return self.blob

    def _add(self, block: Sequence[bytes], write: Callable[[Sequence[bytes]], object] | None = None) -> None:
        for chunk in block:
            self._hash.update(chunk)
            self._size += len(chunk)
        if write is not None:
            write(block)


async def _blocks_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[Sequence[bytes]]:
    """The chunks in lists of together BLOCK_BYTES or a little more; only the last one is shorter."""
    block: list[bytes] = []
    size = 0
    async for chunk in chunks:
        block.append(chunk)
        size += len(chunk)
        if size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block
