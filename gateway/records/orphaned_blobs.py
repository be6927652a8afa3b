"""Deletes orphaned blobs: objects in the storage that no scan uses, except those of uploads in progress."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.database.connection import Database
from gateway.records.blob_deletion import ANALYSES, delete_derived_of, delete_unused_blobs
from gateway.records.store import blob_rows, stored_files
from gateway.storage.blobs import Blobs

MIN_AGE: Final = timedelta(hours=1)  # an upload that writes nothing for so long belongs to a process that has ended


@dataclass(frozen=True)
class SweepResult:
    """The number of deleted blobs, and of analyses whose evidence was deleted."""

    blobs: int
    analyses: int


async def sweep_orphaned_blobs(database: Database, blobs: Blobs, age: timedelta = MIN_AGE) -> SweepResult:
    """Delete what interrupted uploads, deletions and renderings left, if it is older than `age`."""
    before = datetime.now(UTC) - age
    await blobs.delete_unfinished(before)
    stored = {sha256 async for sha256 in blobs.written_before(before)}
    stored |= {name async for name in blobs.derived_before(before)} - {ANALYSES}
    analyses = {name async for name in blobs.derived_before(before, ANALYSES)}
    async with database.transaction() as session:
        unused = stored - await blob_rows.in_use(session, stored)
        orphaned = analyses - await stored_files.existing_analyses(session, analyses)
    await delete_unused_blobs(database, blobs, unused)
    await delete_derived_of(blobs, orphaned)
    return SweepResult(len(unused), len(orphaned))
