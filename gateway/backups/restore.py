"""Restores a backup: everything is verified before the first write, and the database again afterwards."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engines.postgres_dump import DumpTools
from gateway.analyses.store import analyses
from gateway.audit import audit_log
from gateway.audit.audit_reader import AuditReader
from gateway.audit.sealing import seal_all
from gateway.backups.archive import Archive
from gateway.backups.bounded_concurrency import OnProgress, no_progress, run_bounded
from gateway.backups.errors import BackupDamaged, BackupTooNew, DatabaseForeign, DatabaseInUse, DatabaseNotEmpty
from gateway.backups.manifest import FileEntry, Manifest
from gateway.backups.store.database_replacement import CLEAR_SQL, foreign_tables, other_connections, record_counts
from gateway.backups.store.database_snapshot import audit_head, count_rows
from gateway.database.alembic_upgrade import is_known_revision
from gateway.database.connection import Database
from gateway.database.migration import migrate
from gateway.principal import Principal
from gateway.storage.object_copy import copy, hash_of, size_of
from gateway.storage.objects import Objects

MAX_SHOWN = 3


@dataclass(frozen=True)
class RestoreResult:
    """A restored backup: the schema after migration, files copied, and analyses that had not ended, by state."""

    manifest: Manifest
    schema: str
    copied: int
    unfinished: Mapping[str, int]


@dataclass(frozen=True)
class BackupRestorer:
    """Restores one database and one file storage."""

    database: Database
    tools: DumpTools
    objects: Objects
    by: Principal
    scratch: Path | None = None

    async def restore(
        self, archive: Archive, name: str | None = None, replace: bool = False, on_progress: OnProgress = no_progress
    ) -> RestoreResult:
        """Restore the backup of that name, by default the newest.

        `replace` deletes existing records; without it they raise DatabaseNotEmpty. Raises the other BackupErrors and
        DumpFailed too. The dump is restored in one transaction: before its end no record changes.
        """
        await self._refuse_the_wrong_database(replace)
        manifest, entries = await verify_backup(archive, name, on_progress)
        copies = _Copies(archive.objects, self.objects)
        await run_bounded(map(copies.restore_file, entries), len(entries), on_progress)
        with TemporaryDirectory(dir=self.scratch) as folder:
            dump = await archive.fetch_dump(manifest, Path(folder))
            await asyncio.to_thread(self.tools.restore, dump, CLEAR_SQL)
        await self._refuse_other_rows(manifest)
        schema = await migrate(self.database)
        await self._refuse_a_broken_chain(manifest)
        return RestoreResult(manifest, schema, copies.copied, await self._record_restore(manifest))

    async def _refuse_the_wrong_database(self, replace: bool) -> None:
        async with self.database.transaction() as session:
            others = await other_connections(session)
            foreign = await foreign_tables(session)
            existing = await record_counts(session)
        if others:
            raise DatabaseInUse(f"stop what uses this database first: {', '.join(others)}")
        if foreign:
            raise DatabaseForeign(f"this database has tables of another program: {foreign[0]}")
        if existing and not replace:
            counts = ", ".join(f"{rows} {table}" for table, rows in sorted(existing.items()))
            raise DatabaseNotEmpty(f"the database holds {counts}; `--replace` deletes them")

    async def _refuse_other_rows(self, manifest: Manifest) -> None:
        async with self.database.transaction() as session:
            found = await count_rows(session)
        if found != manifest.rows:
            raise BackupDamaged("the restored database lacks rows that were backed up, or has others: do not use it")

    async def _refuse_a_broken_chain(self, manifest: Manifest) -> None:
        async with self.database.transaction() as session:
            head = await audit_head(session)
        if head != manifest.audit_head or (await AuditReader(self.database).verify()).breaks:
            raise BackupDamaged("the restored audit log was changed; `turnstile audit verify` names the rows")

    async def _record_restore(self, manifest: Manifest) -> Mapping[str, int]:
        """Record the restore in the audit log; gives the numbers of analyses by state that have not ended."""
        async with self.database.transaction() as session:
            unfinished = await analyses.counts(session)
            await audit_log.record(session, self.by, audit_log.Action.EXECUTE, "restore", manifest.name, None)
        await seal_all(self.database)
        return unfinished


async def verify_backup(
    archive: Archive, name: str | None = None, on_progress: OnProgress = no_progress
) -> tuple[Manifest, tuple[FileEntry, ...]]:
    """Read and verify the backup of that name, by default the newest; raises BackupDamaged and BackupTooNew."""
    manifest = await archive.manifest(name)
    if not is_known_revision(manifest.schema):
        raise BackupTooNew(
            f"{manifest.name} was taken by Turnstile {manifest.product}, whose schema {manifest.schema} this one does "
            "not know: restore it with that release or a newer one"
        )
    await archive.verify_dump(manifest)
    entries = await archive.entries(manifest)
    damaged: list[str] = []

    async def check(entry: FileEntry) -> None:
        if await hash_of(entry.key, archive.objects) != entry.blob:
            damaged.append(entry.key)

    await run_bounded(map(check, entries), len(entries), on_progress)
    if damaged:
        names = ", ".join(sorted(damaged)[:MAX_SHOWN])
        raise BackupDamaged(f"{len(damaged)} files of {manifest.name} are gone or changed, among them {names}")
    return manifest, entries


@dataclass
class _Copies:
    """Copies files from the archive to the storage; files that are there and intact are skipped."""

    source: Objects
    target: Objects
    copied: int = 0

    async def restore_file(self, entry: FileEntry) -> None:
        if await size_of(entry.key, self.target) == entry.size and await hash_of(entry.key, self.target) == entry.blob:
            return
        if await copy(entry.key, self.source, self.target, entry.sha256) != entry.blob:
            raise BackupDamaged(f"{entry.key} changed while it was read")
        self.copied += 1
