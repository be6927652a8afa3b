"""A backup, taken while the service runs: the database first, then the files that it names, then the manifest."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from engines.postgres_dump import DumpTools
from gateway.audit import audit_log
from gateway.backups.archive import DUMP, LISTING, Archive
from gateway.backups.bounded_concurrency import OnFile, some_at_once, untold
from gateway.backups.errors import BackupDamaged, BackupMissing, SchemaNotCurrent
from gateway.backups.manifest import FORMAT, Entry, Manifest, as_lines
from gateway.backups.store.database_snapshot import Snapshot, snapshot, still_named
from gateway.database.connection import Database
from gateway.database.migration import why_not_current
from gateway.errors import ObjectMissing
from gateway.principal import Principal
from gateway.storage.blobs import blob_key
from gateway.storage.hashing_stream import StoredBlob
from gateway.storage.object_copy import copy, size_of
from gateway.storage.objects import Objects


@dataclass(frozen=True)
class Taken:
    """A whole backup; `copied` of its files were not there before, and `dropped` ones no backup names any more."""

    manifest: Manifest
    copied: int
    dropped: int = 0


@dataclass(frozen=True)
class Taking:
    """Takes backups of one database and one store of files."""

    database: Database
    tools: DumpTools
    kept: Objects
    by: Principal
    scratch: Path | None = None

    async def backup(self, archive: Archive, keep: int | None = None, on_file: OnFile = untold) -> Taken:
        """Take a backup, and leave the `keep` newest where a number is given.

        Raises SchemaNotCurrent, BackupInUse, BackupDamaged, DumpFailed and what the store and the database raise.
        """
        if reason := await why_not_current(self.database):
            raise SchemaNotCurrent(
                f"nothing was backed up: {reason}, or take the backup with the program of that schema"
            )
        async with archive.claimed():
            taken = await self._taken(archive, on_file)
            return taken if keep is None else await _thinned(archive, taken, keep)

    async def _taken(self, archive: Archive, on_file: OnFile) -> Taken:
        taken_at = datetime.now(UTC)
        name = f"{taken_at:%Y%m%dT%H%M%SZ}"
        await self._record(name)
        with TemporaryDirectory(prefix="turnstile-", dir=self.scratch) as folder:
            dump = Path(folder) / DUMP
            async with snapshot(self.database) as moment:
                await asyncio.to_thread(self.tools.dump, dump, moment.name)
            dumped = await archive.put_dump(name, dump)
            copies = _Copies(self.kept, archive.objects, await _known(archive), on_file)
            await copies.make(moment)
            listing = Path(folder) / LISTING
            await asyncio.to_thread(listing.write_bytes, as_lines(copies.entries))
            listed = await archive.put_listing(name, listing)
        missing = await self._missing(copies.not_there)
        manifest = Manifest(
            FORMAT,
            name,
            taken_at,
            version("turnstile"),
            moment.schema,
            dumped,
            listed,
            len(copies.entries),
            sum(entry.size for entry in copies.entries),
            missing,
            moment.rows,
            moment.audit_head,
        )
        await archive.put_manifest(manifest)
        return Taken(manifest, copies.copied)

    async def _missing(self, not_there: Sequence[str]) -> tuple[str, ...]:
        """Without those whose scans were deleted while the backup was being taken."""
        async with self.database.transaction() as session:
            return tuple(sorted(await still_named(session, not_there)))

    async def _record(self, name: str) -> None:
        """To carry everything out of the house is an export."""
        async with self.database.transaction() as session:
            await audit_log.record(session, self.by, audit_log.Action.EXPORT, "backup", name, None)


@dataclass
class _Copies:
    """What one backup takes from the store; `known` is what older backups read of files that no name tells."""

    source: Objects
    target: Objects
    known: Mapping[str, Entry]
    on_file: OnFile
    entries: list[Entry] = field(default_factory=list)
    not_there: list[str] = field(default_factory=list)
    copied: int = 0

    async def make(self, moment: Snapshot) -> None:
        """Copy what is not there yet."""
        works = chain(map(self._blob, moment.blobs), map(self._evidence, moment.evidence))
        await some_at_once(works, len(moment.blobs) + len(moment.evidence), self.on_file)
        self.entries.sort(key=lambda entry: entry.key)

    async def _blob(self, blob: StoredBlob) -> None:
        entry = Entry(blob_key(blob.sha256), blob.size, blob.sha256)
        if await size_of(entry.key, self.target) == blob.size:
            self.entries.append(entry)
        else:
            await self._copy(blob.sha256, entry.key, blob.sha256)

    async def _evidence(self, name: str) -> None:
        key = f"derived/{name}"
        known = self.known.get(key)
        if known and await size_of(key, self.target) == known.size:
            self.entries.append(known)
        else:
            await self._copy(name, key)

    async def _copy(self, name: str, key: str, sha256: str | None = None) -> None:
        try:
            read: StoredBlob | None = await copy(key, self.source, self.target, sha256)
        except ObjectMissing:
            read = None
        if read is None or sha256 not in (None, read.sha256):
            self.not_there.append(name)
        else:
            self.copied += 1
            self.entries.append(Entry(key, read.size, read.sha256))


async def _known(archive: Archive) -> dict[str, Entry]:
    """What the newest backup says of files whose names do not tell their hash."""
    try:
        entries = await archive.entries(await archive.manifest())
    except (BackupMissing, BackupDamaged):  # then they are copied anew
        return {}
    return {entry.key: entry for entry in entries if not entry.key.startswith("blobs/")}


async def _thinned(archive: Archive, taken: Taken, keep: int) -> Taken:
    """Forget all but the `keep` newest backups, and the files that none of these names."""
    names = await archive.names()
    for name in names[:-keep]:
        await archive.forget(name)
    named = [await archive.entries(await archive.manifest(name)) for name in names[-keep:]]
    return replace(taken, dropped=await archive.drop_files_but({entry.key for one in named for entry in one}))
