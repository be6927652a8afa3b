"""Copies objects from one storage to another and reads them whole; every byte is hashed."""

from collections.abc import AsyncIterator
from uuid import uuid4

from gateway.errors import ObjectMissing
from gateway.storage.hashing_stream import HashingStream, StoredBlob
from gateway.storage.objects import Objects

UNFINISHED = "incoming"


async def copy(key: str, source: Objects, target: Objects, sha256: str | None = None) -> StoredBlob:
    """Copy an object and return the hash and size of what was read.

    The target key is written only when the copy is whole and, if `sha256` is given, has that hash. Raises
    ObjectMissing, StorageUnavailable and StorageFull.
    """
    temporary_key = f"{UNFINISHED}/{uuid4().hex}"
    try:
        blob = await target.write(temporary_key, read_whole(key, source))
        if sha256 in (None, blob.sha256):
            await target.move(temporary_key, key)
    finally:
        await target.delete(temporary_key)
    return blob


async def hash_of(key: str, objects: Objects) -> StoredBlob | None:
    """The hash and size of an object, None when it is missing."""
    stream = HashingStream(read_whole(key, objects))
    try:
        async for _ in stream.blocks():
            pass
    except ObjectMissing:
        return None
    return stream.blob


async def size_of(key: str, objects: Objects) -> int | None:
    """Size of an object in bytes, None when it is missing."""
    try:
        return await objects.size(key)
    except ObjectMissing:
        return None


async def read_whole(key: str, objects: Objects) -> AsyncIterator[bytes]:
    """All bytes of an object, which may be empty; raises ObjectMissing."""
    if size := await objects.size(key):
        async for block in objects.read(key, 0, size):
            yield block
