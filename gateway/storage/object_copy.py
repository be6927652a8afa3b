"""Objects from one store to another, and read through; every byte is hashed on its way."""

from collections.abc import AsyncIterator
from uuid import uuid4

from gateway.errors import ObjectMissing
from gateway.storage.hashing_stream import Counted, StoredBlob
from gateway.storage.objects import Objects

UNFINISHED = "incoming"


async def copy(key: str, source: Objects, target: Objects, sha256: str | None = None) -> StoredBlob:
    """Copy an object and tell what was read; under its key it stands only whole, and with that hash if one is given.

    Raises ObjectMissing, StorageAway and StorageFull.
    """
    draft, counted = f"{UNFINISHED}/{uuid4().hex}", Counted(read_through(key, source))
    try:
        await target.write(draft, counted.blocks())
        if sha256 in (None, counted.blob.sha256):
            await target.move(draft, key)
    finally:
        await target.drop(draft)
    return counted.blob


async def hashed(key: str, objects: Objects) -> StoredBlob | None:
    """What an object holds, None when it is not there."""
    counted = Counted(read_through(key, objects))
    try:
        async for _ in counted.blocks():
            pass
    except ObjectMissing:
        return None
    return counted.blob


async def size_of(key: str, objects: Objects) -> int | None:
    """Bytes of an object, None when it is not there."""
    try:
        return await objects.size(key)
    except ObjectMissing:
        return None


async def read_through(key: str, objects: Objects) -> AsyncIterator[bytes]:
    """All bytes of an object, which may be none; raises ObjectMissing."""
    if size := await objects.size(key):
        async for block in objects.read(key, 0, size):
            yield block
