"""A backup while the service runs: first the database, then the files that it names, then the manifest."""

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
from gateway.audit.sealing import seal_all
from gateway.backups.archive import DUMP, LISTING, Archive
from gateway.backups.bounded_concurrency import OnProgress, no_progress, run_bounded
from gateway.backups.errors import BackupDamaged, BackupMissing, SchemaNotCurrent
from gateway.backups.lease import ArchiveLease
from gateway.backups.manifest import FORMAT, FileEntry, Manifest, to_lines
from gateway.backups.store.database_snapshot import Snapshot, open_snapshot, still_referenced
from gateway.database.connection import Database
from gateway.database.migration import why_not_current
from gateway.errors import ObjectMissing
from gateway.principal import Principal
from gateway.storage.blobs import blob_key
from gateway.storage.hashing_stream import StoredBlob
from gateway.storage.object_copy import copy, size_of
from gateway.storage.objects import Objects


@dataclass(frozen=True)
class BackupResult:
    """A complete backup: number of files copied, and of files deleted because no backup names them any more."""

    manifest: Manifest
    copied: int
    dropped: int = 0


@dataclass(frozen=True)
class BackupWriter:
    """Backs up one database and one file storage."""

    database: Database
    tools: DumpTools
    objects: Objects
    by: Principal
    scratch: Path | None = None

    async def backup(
        self, archive: Archive, keep: int | None = None, on_progress: OnProgress = no_progress
    ) -> BackupResult:
        """Write a backup; with `keep`, delete all but the newest `keep` ones.

        Raises SchemaNotCurrent, BackupInUse, BackupDamaged, DumpFailed and the errors of storage and database.
        """
        if reason := await why_not_current(self.database):
            raise SchemaNotCurrent(f"nothing was backed up: {reason}, or back up with the Turnstile of that schema")
        async with archive.exclusive() as lease:
            result = await self._write(archive, lease, on_progress)
            if keep is None:
                return result
            await lease.check()
            return await _delete_old(archive, result, keep)

    async def _write(self, archive: Archive, lease: ArchiveLease, on_progress: OnProgress) -> BackupResult:
        taken_at = datetime.now(UTC)
        name = f"{taken_at:%Y%m%dT%H%M%SZ}"
        await self._record(audit_log.Action.EXPORT, name)
        with TemporaryDirectory(dir=self.scratch) as folder:
            dump = Path(folder) / DUMP
            copies = _Copies(self.objects, archive.objects, await _known_evidence(archive), on_progress)
            async with open_snapshot(self.database) as snapshot:
                await copies.make_waiting(snapshot)
                await asyncio.to_thread(self.tools.dump, dump, snapshot.name)
            dumped = await archive.put_dump(name, dump)
            await copies.make(snapshot)
            listing = Path(folder) / LISTING
            await asyncio.to_thread(listing.write_bytes, to_lines(copies.entries))
            listed = await archive.put_listing(name, listing)
        missing = await self._missing(copies.not_found)
        manifest = Manifest(
            FORMAT,
            name,
            taken_at,
            version("turnstile"),
            snapshot.schema,
            dumped,
            listed,
            len(copies.entries),
            sum(entry.size for entry in copies.entries),
            missing,
            snapshot.rows,
            snapshot.audit_head,
        )
        await lease.check()
        await archive.put_manifest(manifest)
        await self._record(audit_log.Action.CREATE, name)
        return BackupResult(manifest, copies.copied)

    async def _missing(self, not_found: Sequence[str]) -> tuple[str, ...]:
        """Those of the missing files that records still name: a scan may have been deleted during the backup."""
        async with self.database.transaction() as session:
            return tuple(sorted(await still_referenced(session, not_found)))

    async def _record(self, action: audit_log.Action, name: str) -> None:
        """Record in the audit log that all records are exported, and that the backup is complete.

        The head that the backup notes covers the first event; the second is what `last_backup` finds.
        """
        async with self.database.transaction() as session:
            await audit_log.record(session, self.by, action, "backup", name, None)
        await seal_all(self.database)


@dataclass
class _Copies:
    """Copies the files of one backup. `known` are entries of the newest backup whose key is not their hash."""

    source: Objects
    target: Objects
    known: Mapping[str, FileEntry]
    on_progress: OnProgress
    entries: list[FileEntry] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    copied: int = 0

    async def make_waiting(self, snapshot: Snapshot) -> None:
        """Copy what waits, at once: in half a minute it may be in a scan, whose blob this snapshot does not name."""
        tasks = (self._copy(key, key) for key in snapshot.waiting)
        await run_bounded(tasks, len(snapshot.waiting), self.on_progress)

    async def make(self, snapshot: Snapshot) -> None:
        """Copy the files that the archive does not have yet."""
        tasks = chain(map(self._blob, snapshot.blobs), map(self._evidence, snapshot.evidence))
        await run_bounded(tasks, len(snapshot.blobs) + len(snapshot.evidence), self.on_progress)
        self.entries.sort(key=lambda entry: entry.key)

    async def _blob(self, blob: StoredBlob) -> None:
        entry = FileEntry(blob_key(blob.sha256), blob.size, blob.sha256)
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
            copied: StoredBlob | None = await copy(key, self.source, self.target, sha256)
        except ObjectMissing:
            copied = None
        if copied is None or sha256 not in (None, copied.sha256):
            self.not_found.append(name)
        else:
            self.copied += 1
            self.entries.append(FileEntry(key, copied.size, copied.sha256))


async def _known_evidence(archive: Archive) -> dict[str, FileEntry]:
    """The entries of the newest backup for files whose key is not their hash."""
    try:
        entries = await archive.entries(await archive.manifest())
    except (BackupMissing, BackupDamaged):  # then all of them are copied
        return {}
    return {entry.key: entry for entry in entries if not entry.key.startswith("blobs/")}


async def _delete_old(archive: Archive, result: BackupResult, keep: int) -> BackupResult:
    """Delete all but the newest `keep` backups, and the files that none of these names."""
    names = await archive.names()
    for name in names[:-keep]:
        await archive.delete(name)
    named = [await archive.entries(await archive.manifest(name)) for name in names[-keep:]]
    return replace(result, dropped=await archive.delete_files_except({entry.key for one in named for entry in one}))
