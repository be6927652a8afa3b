"""A backup brought back: everything is verified before anything is written, and looked at again afterwards."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engines.postgres_dump import DumpTools
from gateway.analyses.store import analyses
from gateway.audit import audit_log
from gateway.audit.reading import AuditTrail
from gateway.backups.archive import Archive
from gateway.backups.bounded_concurrency import OnFile, some_at_once, untold
from gateway.backups.errors import BackupDamaged, BackupTooNew, DatabaseForeign, DatabaseInUse, DatabaseNotEmpty
from gateway.backups.manifest import Entry, Manifest
from gateway.backups.store.database_replacement import CLEAR, others_connected, records_there, strangers_there
from gateway.backups.store.database_snapshot import audit_head, counted
from gateway.database.connection import Database
from gateway.database.migration import knows, migrate
from gateway.principal import Principal
from gateway.storage.object_copy import copy, hashed, size_of
from gateway.storage.objects import Objects

SHOWN = 3


@dataclass(frozen=True)
class Restored:
    """What came back: its schema was brought up to `schema`, and these analyses were not ended when it was taken."""

    manifest: Manifest
    schema: str
    copied: int
    unfinished: Mapping[str, int]


@dataclass(frozen=True)
class Restoring:
    """Restores one database and one store of files."""

    database: Database
    tools: DumpTools
    kept: Objects
    by: Principal
    scratch: Path | None = None

    async def restore(
        self, archive: Archive, name: str | None = None, replace: bool = False, on_file: OnFile = untold
    ) -> Restored:
        """Bring the backup of that name back, by default the newest.

        With `replace` the records that are there go; without, DatabaseNotEmpty is raised. Raises the other BackupErrors
        and DumpFailed too; until the dump has come in whole, no record is changed.
        """
        await self._refuse_the_wrong_database(replace)
        manifest, entries = await verified(archive, name, on_file)
        copies = _Copies(archive.objects, self.kept)
        await some_at_once(map(copies.bring, entries), len(entries), on_file)
        with TemporaryDirectory(prefix="turnstile-", dir=self.scratch) as folder:
            dump = await archive.fetch_dump(manifest, Path(folder))
            await asyncio.to_thread(self.tools.restore, dump, CLEAR)
        await self._refuse_other_rows(manifest)
        schema = await migrate(self.database)
        await self._refuse_a_broken_chain(manifest)
        return Restored(manifest, schema, copies.copied, await self._ended(manifest))

    async def _refuse_the_wrong_database(self, replace: bool) -> None:
        async with self.database.transaction() as session:
            others = await others_connected(session)
            strangers = await strangers_there(session)
            there = await records_there(session)
        if others:
            raise DatabaseInUse(f"stop what uses this database first: {', '.join(others)}")
        if strangers:
            raise DatabaseForeign(f"this database is not Turnstile's alone: it has the table {strangers[0]}")
        if there and not replace:
            held = ", ".join(f"{rows} {table}" for table, rows in sorted(there.items()))
            raise DatabaseNotEmpty(f"the database holds {held}; `--replace` throws them away")

    async def _refuse_other_rows(self, manifest: Manifest) -> None:
        async with self.database.transaction() as session:
            found = await counted(session)
        if found != manifest.rows:
            raise BackupDamaged("the database that came back has not the rows that were backed up: do not start on it")

    async def _refuse_a_broken_chain(self, manifest: Manifest) -> None:
        async with self.database.transaction() as session:
            head = await audit_head(session)
        if head != manifest.audit_head or (await AuditTrail(self.database).verification()).breaks:
            raise BackupDamaged("the audit that came back was changed; `turnstile audit verify` names the rows")

    async def _ended(self, manifest: Manifest) -> Mapping[str, int]:
        """Say in the audit that all this was put in place, and tell what is still to be analysed."""
        async with self.database.transaction() as session:
            unfinished = await analyses.counts(session)
            await audit_log.record(session, self.by, audit_log.Action.EXECUTE, "restore", manifest.name, None)
        return unfinished


async def verified(
    archive: Archive, name: str | None = None, on_file: OnFile = untold
) -> tuple[Manifest, tuple[Entry, ...]]:
    """The backup of that name, by default the newest, read through; raises BackupDamaged and BackupTooNew."""
    manifest = await archive.manifest(name)
    if not knows(manifest.schema):
        raise BackupTooNew(
            f"{manifest.name} was taken by Turnstile {manifest.product}, whose schema {manifest.schema} this one does "
            "not know: restore it with that release or a newer one"
        )
    await archive.verify_dump(manifest)
    entries = await archive.entries(manifest)
    damaged: list[str] = []

    async def look(entry: Entry) -> None:
        if await hashed(entry.key, archive.objects) != entry.blob:
            damaged.append(entry.key)

    await some_at_once(map(look, entries), len(entries), on_file)
    if damaged:
        some = ", ".join(sorted(damaged)[:SHOWN])
        raise BackupDamaged(f"{len(damaged)} files of {manifest.name} are gone or changed, among them {some}")
    return manifest, entries


@dataclass
class _Copies:
    """Files on their way back; one that is there and whole stays as it is."""

    source: Objects
    target: Objects
    copied: int = 0

    async def bring(self, entry: Entry) -> None:
        if await size_of(entry.key, self.target) == entry.size and await hashed(entry.key, self.target) == entry.blob:
            return
        if await copy(entry.key, self.source, self.target, entry.sha256) != entry.blob:
            raise BackupDamaged(f"{entry.key} changed while it was read")
        self.copied += 1
