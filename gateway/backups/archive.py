"""Where backups lie: each in a folder of its own, and the files that they share beside it, each once.

backups/<time>/database.dump    pg_dump's custom format
backups/<time>/files.jsonl      every file of this backup: key, size, sha256
backups/<time>/manifest.json    written last
blobs/..., derived/analyses/... the files, under the keys that they have in the store
writing                         there while a backup is being written
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.backups.errors import BackupDamaged, BackupInUse, BackupMissing
from gateway.backups.manifest import Entry, Manifest, read_lines, read_manifest
from gateway.storage.hashing_stream import StoredBlob
from gateway.storage.object_copy import UNFINISHED, hashed, read_through
from gateway.storage.objects import Objects

DUMP, LISTING, MANIFEST = "database.dump", "files.jsonl", "manifest.json"
FILES: Final = ("blobs", "derived")
CLAIM: Final = "writing"
CLAIM_LASTS: Final = timedelta(days=1)  # a writer that was killed does not stand in the way for ever


class Archive:
    """The backups at one place: a folder, which is made, or `s3://bucket/prefix`. Raises what `Objects` does."""

    def __init__(self, url: str) -> None:
        self.objects = Objects(url)

    async def names(self) -> Sequence[str]:
        """The whole backups, oldest first."""
        return sorted(name for name, parts in (await self._parts()).items() if MANIFEST in parts)

    async def manifest(self, name: str | None = None) -> Manifest:
        """That of the backup of this name, by default the newest; raises BackupMissing and BackupDamaged."""
        names = await self.names()
        if not names or name not in (None, *names):
            there = f"there are {', '.join(names)}" if names else "there is none at all"
            raise BackupMissing(f"no whole backup {name or ''} there: {there}")
        name = name or names[-1]
        return read_manifest(await self.objects.get(_key(name, MANIFEST)) or b"", name)

    async def entries(self, manifest: Manifest) -> tuple[Entry, ...]:
        """The files of a backup; raises BackupDamaged."""
        data = await self.objects.get(_key(manifest.name, LISTING))
        if data is None or await hashed(_key(manifest.name, LISTING), self.objects) != manifest.listing:
            raise BackupDamaged(f"{LISTING} of {manifest.name} is gone, cut off or changed")
        return read_lines(data)

    async def verify_dump(self, manifest: Manifest) -> None:
        """Read the dump through; raises BackupDamaged."""
        if await hashed(_key(manifest.name, DUMP), self.objects) != manifest.dump:
            raise BackupDamaged(f"{DUMP} of {manifest.name} is gone, cut off or changed")

    async def fetch_dump(self, manifest: Manifest, scratch: Path) -> Path:
        """The dump as a file of this machine, to be read only: in a folder itself, else a copy in `scratch`."""
        key, copy = _key(manifest.name, DUMP), scratch / DUMP
        if path := self.objects.file(key):
            return path
        with await asyncio.to_thread(copy.open, "wb") as file:
            async for block in read_through(key, self.objects):
                await asyncio.to_thread(file.write, block)
        return copy

    async def put_dump(self, name: str, file: Path) -> StoredBlob:
        """Keep the dump, and tell what arrived."""
        return await self._put(_key(name, DUMP), file)

    async def put_listing(self, name: str, file: Path) -> StoredBlob:
        """Keep the list of files, and tell what arrived."""
        return await self._put(_key(name, LISTING), file)

    async def put_manifest(self, manifest: Manifest) -> None:
        """Make a backup of the parts that are there."""
        key = _key(manifest.name, MANIFEST)
        await self.objects.put(key, manifest.as_json())
        await self.objects.sync(key)

    async def forget(self, name: str) -> None:
        """Delete a backup, the manifest first; the files that it shares with others stay."""
        await self.objects.drop(*(_key(name, part) for part in (MANIFEST, LISTING, DUMP)))

    async def drop_files_but(self, kept: set[str]) -> int:
        """Delete every file whose key is not among these; tells how many."""
        gone = [one.key for folder in FILES async for one in self.objects.under(folder) if one.key not in kept]
        await self.objects.drop(*gone)
        return len(gone)

    @asynccontextmanager
    async def claimed(self) -> AsyncIterator[None]:
        """The right to write here, for the block's time; raises BackupInUse."""
        if not await self.objects.create(CLAIM, b""):
            since = [one.modified_at async for one in self.objects.under("") if one.key == CLAIM]
            if since and datetime.now(UTC) - since[0] < CLAIM_LASTS:
                raise BackupInUse(
                    f"another backup writes there since {since[0]:%Y-%m-%d %H:%M} UTC; if none does, it was killed: "
                    f"delete the object `{CLAIM}` there"
                )
        try:
            await self._drop_unfinished()
            yield
        finally:
            await self.objects.drop(CLAIM)

    async def _drop_unfinished(self) -> None:
        """Delete what backups left that were killed; nobody else writes here now."""
        await self.objects.drop_unfinished(UNFINISHED, datetime.now(UTC) - CLAIM_LASTS)
        for name, parts in (await self._parts()).items():
            if MANIFEST not in parts:
                await self.forget(name)

    async def _parts(self) -> dict[str, set[str]]:
        """What there is of each backup, whole or not."""
        parts: dict[str, set[str]] = {}
        async for one in self.objects.under("backups"):
            _, name, part = one.key.split("/", 2)
            parts.setdefault(name, set()).add(part)
        return parts

    async def _put(self, key: str, file: Path) -> StoredBlob:
        await self.objects.put_file(key, file)
        await self.objects.sync(key)
        sent = await asyncio.to_thread(_sha256, file)
        arrived = await hashed(key, self.objects)
        if arrived is None or arrived.sha256 != sent:
            raise BackupDamaged(f"{key} did not arrive as it was sent; is the disk or the network failing?")
        return arrived


def _key(name: str, part: str) -> str:
    return f"backups/{name}/{part}"


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
