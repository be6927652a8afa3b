"""Where backups lie: each in a folder of its own, and the files that they share beside it, each once.

backups/<time>/database.dump    pg_dump's custom format
backups/<time>/files.jsonl      every file of this backup: key, size, sha256
backups/<time>/manifest.json    written last
blobs/..., derived/analyses/..., waiting/... the files, under the keys that they have in the store
writing                         the lease of the backup that is being written
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.backups.errors import BackupDamaged, BackupMissing
from gateway.backups.lease import ArchiveLease
from gateway.backups.manifest import FileEntry, Manifest, read_lines, read_manifest
from gateway.storage.hashing_stream import StoredBlob
from gateway.storage.object_copy import UNFINISHED, hash_of, read_whole
from gateway.storage.objects import Objects

DUMP, LISTING, MANIFEST = "database.dump", "files.jsonl", "manifest.json"
FILES: Final = ("blobs", "derived", "waiting")
UNFINISHED_AFTER: Final = timedelta(days=1)  # no single file takes longer to be written


class Archive:
    """The backups in one folder, which is created, or below `s3://bucket/prefix`. Raises the errors of `Objects`."""

    def __init__(self, url: str) -> None:
        self.objects = Objects(url)

    async def names(self) -> Sequence[str]:
        """The names of the complete backups, oldest first."""
        return sorted(name for name, parts in (await self._parts()).items() if MANIFEST in parts)

    async def manifest(self, name: str | None = None) -> Manifest:
        """The manifest of the backup of this name, by default the newest; raises BackupMissing and BackupDamaged."""
        names = await self.names()
        if not names or name not in (None, *names):
            available = f"there are {', '.join(names)}" if names else "there is none at all"
            raise BackupMissing(f"no whole backup {name or ''} there: {available}")
        name = name or names[-1]
        return read_manifest(await self.objects.get(_key(name, MANIFEST)) or b"", name)

    async def entries(self, manifest: Manifest) -> tuple[FileEntry, ...]:
        """The files of a backup; raises BackupDamaged."""
        data = await self.objects.get(_key(manifest.name, LISTING))
        if data is None or await hash_of(_key(manifest.name, LISTING), self.objects) != manifest.listing:
            raise BackupDamaged(f"{LISTING} of {manifest.name} is missing, incomplete or changed")
        return read_lines(data)

    async def verify_dump(self, manifest: Manifest) -> None:
        """Read the dump through; raises BackupDamaged."""
        if await hash_of(_key(manifest.name, DUMP), self.objects) != manifest.dump:
            raise BackupDamaged(f"{DUMP} of {manifest.name} is missing, incomplete or changed")

    async def fetch_dump(self, manifest: Manifest, scratch: Path) -> Path:
        """The dump as a local file, read-only: the archive's own file in a folder, else a copy in `scratch`."""
        key, copy = _key(manifest.name, DUMP), scratch / DUMP
        if path := self.objects.file(key):
            return path
        with await asyncio.to_thread(copy.open, "wb") as file:
            async for block in read_whole(key, self.objects):
                await asyncio.to_thread(file.write, block)
        return copy

    async def put_dump(self, name: str, file: Path) -> StoredBlob:
        """Store the dump; gives size and hash of what was stored."""
        return await self._put(_key(name, DUMP), file)

    async def put_listing(self, name: str, file: Path) -> StoredBlob:
        """Store the list of files; gives size and hash of what was stored."""
        return await self._put(_key(name, LISTING), file)

    async def put_manifest(self, manifest: Manifest) -> None:
        """Store the manifest, which completes the backup."""
        key = _key(manifest.name, MANIFEST)
        await self.objects.put(key, manifest.to_json())
        await self.objects.sync(key)

    async def delete(self, name: str) -> None:
        """Delete a backup, the manifest first; the files of all backups stay."""
        await self.objects.delete(*(_key(name, part) for part in (MANIFEST, LISTING, DUMP)))

    async def delete_files_except(self, keys_to_keep: set[str]) -> int:
        """Delete every file whose key is not among these; gives their number."""
        stored = [one.key for folder in FILES async for one in self.objects.list_under(folder)]
        deleted = [key for key in stored if key not in keys_to_keep]
        await self.objects.delete(*deleted)
        return len(deleted)

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[ArchiveLease]:
        """Hold the archive's lease for writing until the block ends; raises BackupInUse."""
        async with ArchiveLease(self.objects).held() as lease:
            await self._drop_unfinished()
            yield lease

    async def _drop_unfinished(self) -> None:
        """Delete the parts of killed backups; this process holds the lease, so no other one writes here."""
        await self.objects.delete_unfinished(UNFINISHED, datetime.now(UTC) - UNFINISHED_AFTER)
        for name, parts in (await self._parts()).items():
            if MANIFEST not in parts:
                await self.delete(name)

    async def _parts(self) -> dict[str, set[str]]:
        """The parts of each backup, complete or not."""
        parts: dict[str, set[str]] = {}
        async for one in self.objects.list_under("backups"):
            _, name, part = one.key.split("/", 2)
            parts.setdefault(name, set()).add(part)
        return parts

    async def _put(self, key: str, file: Path) -> StoredBlob:
        await self.objects.put_file(key, file)
        await self.objects.sync(key)
        sent = await asyncio.to_thread(_sha256, file)
        stored = await hash_of(key, self.objects)
        if stored is None or stored.sha256 != sent:
            raise BackupDamaged(f"{key} was not stored as it was sent; check the disk and the network")
        return stored


def _key(name: str, part: str) -> str:
    return f"backups/{name}/{part}"


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
