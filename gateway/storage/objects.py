"""Object storage: bytes under a key, in a folder or in an S3 bucket, streamed both ways; the only user of obstore.

obstore writes an object whole or not at all, and deletes a partial one when the writer stops. S3 credentials come from
the environment only (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and so on).
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

import obstore
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from gateway.errors import ObjectMissing, StorageFull, StorageUnavailable
from gateway.storage.disk_reserve import FULL_OR_READ_ONLY, STORAGE_FULL
from gateway.storage.hashing_stream import HashingStream, StoredBlob

log = structlog.get_logger(__name__)

PART_BYTES: Final = 8 * 2**20  # S3 takes 10,000 parts: 80 GB
PARTS_AT_ONCE: Final = 2  # parts of one upload in memory
READ_BYTES: Final = 2**20

# obstore has no error class for a full or read-only disk: its message ends with the errno, or with MinIO's code.
_FULL_MESSAGE: Final = re.compile(rf"os error ({'|'.join(map(str, FULL_OR_READ_ONLY))})\)|XMinioStorageFull")


@dataclass(frozen=True)
class ObjectInfo:
    """An object's key, the time of its last write, and its size in bytes."""

    key: str
    modified_at: datetime
    size: int


class ObjectExists(Exception):
    """The object to create exists already."""


class Objects:
    """The object storage at `url`: `s3://bucket/prefix`, `file:///folder`, or the path of a folder, which is created.

    Calls raise StorageFull, StorageUnavailable when the storage fails, and ObjectMissing.
    """

    def __init__(self, url: str | Path) -> None:
        with _translate_errors():
            remote = isinstance(url, str) and "://" in url and not url.startswith("file:")
            self._store: ObjectStore = from_url(str(url)) if remote else LocalStore(_folder_of(url), mkdir=True)
        self._folder = self._store.prefix if isinstance(self._store, LocalStore) else None

    def file(self, key: str) -> Path | None:
        """The path of the object when the storage is a folder, else None."""
        return self._folder / key if self._folder else None

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> StoredBlob:
        """Write an object from a stream and hash it; nothing is left of it when `chunks` raises.

        A file is hashed and written in one thread: obstore would copy each byte twice on the way.
        """
        stream = HashingStream(chunks)
        with _translate_errors():
            if path := self.file(key):
                with _new_file(path) as file:
                    return await stream.into(file.writelines)
            await obstore.put_async(
                self._store,
                key,
                stream.blocks(),
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
                use_multipart=True,
            )
        return stream.blob

    async def put(self, key: str, data: bytes) -> None:
        """Write a small object."""
        with _translate_errors():
            await obstore.put_async(self._store, key, data)

    async def create(self, key: str, data: bytes) -> bool:
        """Write a small object; False, and nothing is written, when it exists already."""
        try:
            with _translate_errors():
                await obstore.put_async(self._store, key, data, mode="create")
        except ObjectExists:
            return False
        return True

    async def put_file(self, key: str, path: Path) -> None:
        """Write a file as an object."""
        with _translate_errors():
            await obstore.put_async(self._store, key, path, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)

    async def get(self, key: str) -> bytes | None:
        """A small object, None when it is missing."""
        try:
            with _translate_errors():
                return bytes(await (await obstore.get_async(self._store, key)).bytes_async())
        except ObjectMissing:
            return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Stream the bytes from `start` to before `end`, which must be at least one."""
        with _translate_errors():
            got = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for block in got.stream(READ_BYTES):
                yield block

    async def size(self, key: str) -> int:
        """Size of an object in bytes."""
        with _translate_errors():
            return (await obstore.head_async(self._store, key))["size"]

    async def move(self, key: str, to: str) -> None:
        """Rename an object, replacing another one; in a folder it is synced to the disk before this returns."""
        with _translate_errors():
            if source := self.file(key):
                await asyncio.to_thread(_sync, source)
            await obstore.rename_async(self._store, key, to)
            if target := self.file(to):
                await asyncio.to_thread(_sync, target.parent)

    def folder_of_drafts(self, prefix: str) -> Path | None:
        """The folder `prefix`, made when missing, for files that `take_file` takes; None in a bucket."""
        with _translate_errors():
            if folder := self.file(prefix):
                folder.mkdir(parents=True, exist_ok=True)
        return folder

    async def take_file(self, path: Path, key: str) -> None:
        """Move a file into the storage as an object, synced to the disk before this returns."""
        with _translate_errors():
            if target := self.file(key):
                await asyncio.to_thread(_move_synced, path, target)
                return
        await self.put_file(key, path)
        await asyncio.to_thread(path.unlink)

    async def sync(self, key: str) -> None:
        """Sync the object to the disk; a bucket does so on each write."""
        with _translate_errors():
            if file := self.file(key):
                await asyncio.to_thread(_sync, file)
                await asyncio.to_thread(_sync, file.parent)

    async def delete(self, *keys: str) -> None:
        """Delete objects; a missing one is no error."""
        for key in keys:
            try:
                with _translate_errors():
                    await obstore.delete_async(self._store, key)
            except ObjectMissing:
                continue

    async def list_under(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Every object whose key begins with the folder `prefix`."""
        with _translate_errors():
            async for some in obstore.list(self._store, prefix):
                for one in some:
                    yield ObjectInfo(one["path"], one["last_modified"], one["size"])

    async def list_top_level(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of the top-level folders and of the top-level objects, both sorted."""
        with _translate_errors():
            found = await obstore.list_with_delimiter_async(self._store)
        return tuple(sorted(found["common_prefixes"])), tuple(sorted(one["path"] for one in found["objects"]))

    async def delete_unfinished(self, prefix: str, before: datetime) -> None:
        """Delete unfinished files of killed writers in the folder `prefix`, not written to since `before`.

        obstore does not list them in a folder. A bucket needs a lifecycle rule for multipart uploads instead.
        """
        async for one in self.list_under(prefix):
            if one.modified_at < before:
                await self.delete(one.key)
        if folder := self.file(prefix):
            await asyncio.to_thread(_drop_old_files, folder, before)


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it is deleted when the block fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _folder_of(url: str | Path) -> Path:
    return Path(str(url).removeprefix("file://")).absolute()


def _sync(path: Path) -> None:
    """Sync a file, or the names in a folder, to the disk: a committed row must never point to lost bytes."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _move_synced(source: Path, target: Path) -> None:
    _sync(source)
    if not target.parent.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync(target.parent.parent)
    source.rename(target)
    _sync(target.parent)


def _drop_old_files(folder: Path, before: datetime) -> None:
    for file in folder.glob("*"):
        with suppress(FileNotFoundError):  # its writer has just ended
            if datetime.fromtimestamp(file.stat().st_mtime, UTC) < before:
                file.unlink()


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Turn errors of obstore and of the disk into the gateway's, without their messages, which name paths."""
    try:
        yield
    except AlreadyExistsError:
        raise ObjectExists from None
    except FileNotFoundError:
        raise ObjectMissing("the file is not in the blob store any more") from None
    except (BaseError, OSError) as error:
        if getattr(error, "errno", None) in FULL_OR_READ_ONLY or _FULL_MESSAGE.search(str(error)):
            raise StorageFull(STORAGE_FULL) from None
        log.error("the blob store failed", reason=str(error).partition("\n")[0])  # noqa: TRY400 - keys are hashes
        raise StorageUnavailable("the blob store does not answer") from error
