"""Objects: bytes under a key, in a folder or in an S3 bucket, streamed both ways; the one room that knows obstore.

obstore writes an object whole or not at all, and takes back what it wrote when the writer stops. Credentials of S3
come from the environment alone (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and the like).
"""

import asyncio
import errno
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import obstore
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from gateway.errors import ObjectMissing, StorageAway, StorageFull

log = structlog.get_logger(__name__)

PART: Final = 8 * 2**20  # S3 takes 10,000 parts: 80 GB
PARTS_AT_ONCE: Final = 2  # what one upload holds in memory
READ: Final = 2**20

# obstore has no class for a full disk: its message ends with the system's number, or MinIO's name for it.
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_TOLD: Final = re.compile(rf"os error ({'|'.join(map(str, _FULL))})\)|XMinioStorageFull")


@dataclass(frozen=True)
class Stored:
    """An object's key, when it was last written, and its bytes."""

    key: str
    modified_at: datetime
    size: int


class ObjectThere(Exception):
    """An object was to be made, and there is one."""


class Objects:
    """The store at `url`: `s3://bucket/prefix`, `file:///folder`, or the path of a folder, which is made.

    Calls raise StorageFull when there is no room, StorageAway when the store does not do what it should, and
    ObjectMissing where an object that is asked for is not there.
    """

    def __init__(self, url: str | Path) -> None:
        with _told():
            remote = isinstance(url, str) and "://" in url and not url.startswith("file:")
            self._store: ObjectStore = from_url(str(url)) if remote else LocalStore(_folder_of(url), mkdir=True)
        self._folder = self._store.prefix if isinstance(self._store, LocalStore) else None

    def file(self, key: str) -> Path | None:
        """Where the object lies as a file; None when the store is no folder."""
        return self._folder / key if self._folder else None

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Stream an object in; what was written is gone again when `chunks` raises."""
        with _told():
            await obstore.put_async(
                self._store, key, chunks, chunk_size=PART, max_concurrency=PARTS_AT_ONCE, use_multipart=True
            )

    async def put(self, key: str, data: bytes) -> None:
        """Write a small object."""
        with _told():
            await obstore.put_async(self._store, key, data)

    async def create(self, key: str, data: bytes) -> bool:
        """Write a small object unless there is one; False when there is."""
        try:
            with _told():
                await obstore.put_async(self._store, key, data, mode="create")
        except ObjectThere:
            return False
        return True

    async def put_file(self, key: str, path: Path) -> None:
        """Write a file as an object."""
        with _told():
            await obstore.put_async(self._store, key, path, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)

    async def get(self, key: str) -> bytes | None:
        """A small object, None when there is none."""
        try:
            with _told():
                return bytes(await (await obstore.get_async(self._store, key)).bytes_async())
        except ObjectMissing:
            return None

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Stream the bytes from `start` to before `end`, which must be at least one."""
        with _told():
            got = await obstore.get_async(self._store, key, options={"range": (start, end)})
            async for block in got.stream(READ):
                yield block

    async def size(self, key: str) -> int:
        """Bytes of an object."""
        with _told():
            return (await obstore.head_async(self._store, key))["size"]

    async def move(self, key: str, to: str) -> None:
        """Give an object another key, over what is there; in a folder it has reached the disk when this returns."""
        with _told():
            if source := self.file(key):
                await asyncio.to_thread(_sync, source)
            await obstore.rename_async(self._store, key, to)
            if target := self.file(to):
                await asyncio.to_thread(_sync, target.parent)

    async def sync(self, key: str) -> None:
        """Return when the object has reached the disk; a bucket has it there as soon as it is written."""
        with _told():
            if file := self.file(key):
                await asyncio.to_thread(_sync, file)
                await asyncio.to_thread(_sync, file.parent)

    async def drop(self, *keys: str) -> None:
        """Delete objects; one that is not there is no error."""
        for key in keys:
            try:
                with _told():
                    await obstore.delete_async(self._store, key)
            except ObjectMissing:
                continue

    async def under(self, prefix: str) -> AsyncIterator[Stored]:
        """Every object whose key begins with the folder `prefix`."""
        with _told():
            async for some in obstore.list(self._store, prefix):
                for one in some:
                    yield Stored(one["path"], one["last_modified"], one["size"])

    async def level(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names at the top: folders, and objects, each in order."""
        with _told():
            found = await obstore.list_with_delimiter_async(self._store)
        return tuple(sorted(found["common_prefixes"])), tuple(sorted(one["path"] for one in found["objects"]))

    async def drop_unfinished(self, prefix: str, before: datetime) -> None:
        """Delete what writers that were killed left in the folder `prefix`, when nothing was written since `before`.

        obstore shows such a file of a folder nowhere. A bucket needs a lifecycle rule for multipart uploads instead.
        """
        async for one in self.under(prefix):
            if one.modified_at < before:
                await self.drop(one.key)
        if folder := self.file(prefix):
            await asyncio.to_thread(_drop_old_files, folder, before)


def _folder_of(url: str | Path) -> Path:
    return Path(str(url).removeprefix("file://")).absolute()


def _sync(path: Path) -> None:
    """Bring a file or the names in a folder to the disk: a row that is committed must not outlive its bytes."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _drop_old_files(folder: Path, before: datetime) -> None:
    for file in folder.glob("*"):
        with suppress(FileNotFoundError):  # its writer has just ended
            if datetime.fromtimestamp(file.stat().st_mtime, UTC) < before:
                file.unlink()


@contextmanager
def _told() -> Iterator[None]:
    """The errors of obstore and of the disk as the gateway's; their messages name paths and stay out."""
    try:
        yield
    except AlreadyExistsError:
        raise ObjectThere from None
    except FileNotFoundError:
        raise ObjectMissing("the file is not in the store any more") from None
    except (BaseError, OSError) as error:
        if getattr(error, "errno", None) in _FULL or _FULL_TOLD.search(str(error)):
            raise StorageFull("there is no room for the file; ask the operator to make some") from None
        log.error("the store of files failed", reason=str(error).partition("\n")[0])  # noqa: TRY400 - keys are hashes
        raise StorageAway("the store of files does not answer") from error
