"""Blobs: the bytes of uploads by their sha256, and what is derived from them.

blobs/ab/cd/<sha256>     an upload; written once, never changed
incoming/<random>        an upload in work; gone when it is kept, cut off or refused
derived/<key>            what can be made again, and the evidence of analyses
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from gateway.errors import ObjectMissing
from gateway.storage.hashing_stream import Counted, StoredBlob
from gateway.storage.objects import Objects, Stored


@dataclass(frozen=True)
class Incoming:
    """An upload that has arrived whole; `keep` puts it where its hash says, else it goes when its block ends."""

    blob: StoredBlob
    keep: Callable[[], Awaitable[None]] = field(repr=False)


class Blobs:
    """The blobs at `url`: `s3://bucket/prefix` or a folder, which is made. Raises what `Objects` does."""

    def __init__(self, url: str | Path) -> None:
        self._objects = Objects(url)

    @asynccontextmanager
    async def receive(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Incoming]:
        """Take an upload in, without holding it in memory; nothing is left of one that is cut off."""
        key, counted = f"incoming/{uuid4().hex}", Counted(chunks)
        await self._objects.write(key, counted.blocks())
        try:
            blob = counted.blob
            yield Incoming(blob, partial(self._objects.move, key, blob_key(blob.sha256)))
        finally:
            await self._objects.drop(key)

    async def store(self, chunks: AsyncIterator[bytes]) -> StoredBlob:
        """Take an upload in and keep it."""
        async with self.receive(chunks) as incoming:
            await incoming.keep()
        return incoming.blob

    async def read(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, in blocks; raises ObjectMissing."""
        end = await self.size(sha256) if end is None else end
        if start < end:
            async for block in self._objects.read(blob_key(sha256), start, end):
                yield block

    async def size(self, sha256: str) -> int:
        """How many bytes a blob has; raises ObjectMissing."""
        return await self._objects.size(blob_key(sha256))

    @asynccontextmanager
    async def local_path(self, sha256: str, scratch: Path) -> AsyncIterator[Path]:
        """The blob as a file, to be read only: in a folder the blob itself, else a copy in `scratch`."""
        path = self._objects.file(blob_key(sha256))
        if path is None:
            with NamedTemporaryFile(dir=scratch) as copy:
                async for block in self.read(sha256):
                    await asyncio.to_thread(copy.write, block)
                copy.flush()
                yield Path(copy.name)
        elif path.is_file():
            yield path
        else:
            raise ObjectMissing("the file is not in the store any more")

    async def delete(self, sha256: str) -> None:
        """Delete a blob and what was derived from it; one that is not there is no error."""
        await self._objects.drop(blob_key(sha256))
        await self.delete_derived(sha256)

    async def put_derived(self, key: str, data: bytes) -> None:
        """Keep derived data; the key begins with the sha256, or with what it was derived by."""
        await self._objects.put(f"derived/{key}", data)

    async def get_derived(self, key: str) -> bytes | None:
        """Derived data, None when they must be made."""
        return await self._objects.get(f"derived/{key}")

    async def put_derived_file(self, key: str, path: Path) -> None:
        """Keep a file as derived data, without holding it in memory."""
        await self._objects.put_file(f"derived/{key}", path)

    async def size_of_derived(self, key: str) -> int | None:
        """How many bytes derived data have, None when they must be made."""
        try:
            return await self._objects.size(f"derived/{key}")
        except ObjectMissing:
            return None

    def read_derived(self, key: str, size: int) -> AsyncIterator[bytes]:
        """Derived data of `size` bytes, in blocks; raises ObjectMissing."""
        return self._objects.read(f"derived/{key}", 0, size)

    async def delete_derived(self, prefix: str) -> None:
        """Delete the derived data of a key, or all of those below it."""
        below = [one.key async for one in self._objects.under(f"derived/{prefix}")]
        if await self.size_of_derived(prefix) is not None:
            below.append(f"derived/{prefix}")
        await self._objects.drop(*below)

    async def kept_before(self, moment: datetime) -> AsyncIterator[str]:
        """The sha256 of every blob that was last written before `moment`."""
        async for sha256 in _names_before(moment, self._objects.under("blobs"), 3):
            yield sha256

    async def derived_before(self, moment: datetime, prefix: str = "") -> AsyncIterator[str]:
        """The name below `prefix` of what has derived data, for each object that was last written before `moment`."""
        folder = f"derived/{prefix}".rstrip("/")
        async for name in _names_before(moment, self._objects.under(folder), folder.count("/") + 1):
            yield name

    async def drop_unfinished(self, before: datetime) -> None:
        """Delete what uploads left whose process was killed, when nothing was written since `before`."""
        await self._objects.drop_unfinished("incoming", before)


async def _names_before(moment: datetime, objects: AsyncIterator[Stored], depth: int) -> AsyncIterator[str]:
    async for one in objects:
        if one.modified_at < moment:
            yield one.key.split("/")[depth]


def blob_key(sha256: str) -> str:
    """Where a blob lies."""
    return f"blobs/{sha256[:2]}/{sha256[2:4]}/{sha256}"
