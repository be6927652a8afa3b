"""Blobs: the bytes of uploads by their sha256, and what is derived from them.

blobs/ab/cd/<sha256>     an upload; written once, never changed
incoming/<random>        an upload that is being received; deleted when it is stored, cut off or refused
waiting/<random>         an instance from the network that is in no scan yet; a row of the database names it
derived/<key>            renderings, which can be made again, and the evidence of analyses
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import uuid4

from gateway.errors import ObjectMissing
from gateway.storage.hashing_stream import StoredBlob
from gateway.storage.objects import ObjectInfo, Objects


@dataclass(frozen=True)
class Incoming:
    """An upload that was received whole; `commit` stores it under its hash, else it is deleted after the block."""

    blob: StoredBlob
    commit: Callable[[], Awaitable[None]] = field(repr=False)


@dataclass(frozen=True)
class LocalPart:
    """A file that holds a part of an object: its first byte is byte `begin` of the object."""

    path: Path
    begin: int


class Blobs:
    """The blobs at `url`: `s3://bucket/prefix` or a folder, which is made. Raises what `Objects` does."""

    def __init__(self, url: str | Path) -> None:
        self._objects = Objects(url)

    @asynccontextmanager
    async def receive(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Incoming]:
        """Receive an upload, without holding it in memory; nothing is left of one that is cut off."""
        key = f"incoming/{uuid4().hex}"
        blob = await self._objects.write(key, chunks)
        try:
            yield Incoming(blob, partial(self._objects.move, key, blob_key(blob.sha256)))
        finally:
            await self._objects.delete(key)

    async def store(self, chunks: AsyncIterator[bytes]) -> StoredBlob:
        """Receive an upload and store it."""
        async with self.receive(chunks) as incoming:
            await incoming.commit()
        return incoming.blob

    async def read(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `end`, in blocks; raises ObjectMissing."""
        end = await self.size(sha256) if end is None else end
        if start < end:
            async for block in self._objects.read(blob_key(sha256), start, end):
                yield block

    async def size(self, sha256: str) -> int:
        """Size of a blob in bytes; raises ObjectMissing."""
        return await self._objects.size(blob_key(sha256))

    @asynccontextmanager
    async def local_path(self, sha256: str, scratch: Path) -> AsyncIterator[Path]:
        """The blob as a read-only file: the blob itself when the storage is a folder, else a copy in `scratch`.

        Raises ObjectMissing, also in place of an error of the block when the blob was deleted meanwhile.
        """
        path = self._objects.file(blob_key(sha256))
        if path is None:
            with NamedTemporaryFile(dir=scratch) as copy:
                async for block in self.read(sha256):
                    await asyncio.to_thread(copy.write, block)
                copy.flush()
                yield Path(copy.name)
            return
        _check_exists(path)
        try:
            yield path
        except Exception:
            _check_exists(path)
            raise

    def upload_part(self, sha256: str, start: int, end: int, scratch: Path) -> AbstractAsyncContextManager[LocalPart]:
        """Bytes of a blob as a part of a file, without reading the rest of it; raises ObjectMissing."""
        return self._local_part(blob_key(sha256), start, end, scratch)

    def derived_part(self, key: str, start: int, end: int, scratch: Path) -> AbstractAsyncContextManager[LocalPart]:
        """Bytes of derived data as a part of a file; raises ObjectMissing."""
        return self._local_part(f"derived/{key}", start, end, scratch)

    @asynccontextmanager
    async def _local_part(self, key: str, start: int, end: int, scratch: Path) -> AsyncIterator[LocalPart]:
        path = self._objects.file(key)
        if path is not None:
            _check_exists(path)
            yield LocalPart(path, 0)
            return
        with NamedTemporaryFile(dir=scratch) as copy:
            async for block in self._objects.read(key, start, end):
                await asyncio.to_thread(copy.write, block)
            copy.flush()
            yield LocalPart(Path(copy.name), start)

    async def delete(self, sha256: str) -> None:
        """Delete a blob and its derived data; a missing one is no error."""
        await self._objects.delete(blob_key(sha256))
        await self.delete_derived(sha256)

    def draft_folder(self, scratch: Path) -> Path:
        """Where to write a file that `keep_waiting` takes: on the disk of the blobs when the storage is a folder.

        Raises StorageFull and StorageUnavailable.
        """
        return self._objects.folder_of_drafts("incoming") or scratch

    async def keep_waiting(self, draft: Path) -> str:
        """Store a file of this machine until its study is complete, safe on the disk; gives its key."""
        key = f"waiting/{uuid4().hex}"
        await self._objects.take_file(draft, key)
        return key

    def read_waiting(self, key: str, size: int) -> AsyncIterator[bytes]:
        """What waits under this key, in blocks; raises ObjectMissing."""
        return self._objects.read(key, 0, size)

    async def delete_waiting(self, *keys: str) -> None:
        """Delete what waits under these keys; a missing one is no error."""
        await self._objects.delete(*keys)

    async def waiting_before(self, moment: datetime) -> AsyncIterator[str]:
        """The key of everything that waits since before `moment`."""
        async for one in self._objects.list_under("waiting"):
            if one.modified_at < moment:
                yield one.key

    async def put_derived(self, key: str, data: bytes) -> None:
        """Store derived data; the key begins with the blob's sha256, or with `analyses/` and the analysis's id."""
        await self._objects.put(f"derived/{key}", data)

    async def get_derived(self, key: str) -> bytes | None:
        """Derived data, or None."""
        return await self._objects.get(f"derived/{key}")

    async def put_derived_file(self, key: str, path: Path) -> None:
        """Store a file as derived data, without holding it in memory."""
        await self._objects.put_file(f"derived/{key}", path)

    async def size_of_derived(self, key: str) -> int | None:
        """Size of derived data in bytes, or None."""
        try:
            return await self._objects.size(f"derived/{key}")
        except ObjectMissing:
            return None

    def read_derived(self, key: str, size: int) -> AsyncIterator[bytes]:
        """Derived data of `size` bytes, in blocks; raises ObjectMissing."""
        return self._objects.read(f"derived/{key}", 0, size)

    async def delete_derived(self, prefix: str) -> None:
        """Delete the derived data under a key, and under all keys below it."""
        below = [one.key async for one in self._objects.list_under(f"derived/{prefix}")]
        if await self.size_of_derived(prefix) is not None:
            below.append(f"derived/{prefix}")
        await self._objects.delete(*below)

    async def written_before(self, moment: datetime) -> AsyncIterator[str]:
        """The sha256 of every blob that was last written before `moment`."""
        async for sha256 in _names_before(moment, self._objects.list_under("blobs"), 3):
            yield sha256

    async def derived_before(self, moment: datetime, prefix: str = "") -> AsyncIterator[str]:
        """The name below `prefix` of what has derived data, for each object that was last written before `moment`."""
        folder = f"derived/{prefix}".rstrip("/")
        async for name in _names_before(moment, self._objects.list_under(folder), folder.count("/") + 1):
            yield name

    async def delete_unfinished(self, before: datetime) -> None:
        """Delete unfinished uploads of killed processes, when nothing was written to them since `before`."""
        await self._objects.delete_unfinished("incoming", before)


async def _names_before(moment: datetime, objects: AsyncIterator[ObjectInfo], depth: int) -> AsyncIterator[str]:
    async for one in objects:
        if one.modified_at < moment:
            yield one.key.split("/")[depth]


def _check_exists(path: Path) -> None:
    if not path.is_file():
        raise ObjectMissing("the file is not in the store any more")


def blob_key(sha256: str) -> str:
    """The key of a blob in the object storage."""
    return f"blobs/{sha256[:2]}/{sha256[2:4]}/{sha256}"
