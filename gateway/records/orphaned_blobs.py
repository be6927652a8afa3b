"""Bytes that no scan has any more: taken away, and never under the hands of an upload of the same bytes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.database.connection import Database
from gateway.records.blob_release import release
from gateway.records.store import blob_rows, stored_files
from gateway.storage.blobs import Blobs

ANALYSES: Final = "analyses"
AGE: Final = timedelta(hours=1)  # nothing is written to an upload for so long only if its process is gone


@dataclass(frozen=True)
class Orphans:
    """How many blobs a sweep took away, and of how many analyses it took the evidence away."""

    blobs: int
    analyses: int


async def sweep_orphans(database: Database, blobs: Blobs, age: timedelta = AGE) -> Orphans:
    """Take away what uploads, deletes and viewers left that ended half way, once it is older than `age`."""
    before = datetime.now(UTC) - age
    await blobs.drop_unfinished(before)
    kept = {sha256 async for sha256 in blobs.kept_before(before)}
    kept |= {name async for name in blobs.derived_before(before)} - {ANALYSES}
    analyses = {name async for name in blobs.derived_before(before, ANALYSES)}
    async with database.transaction() as session:
        unused = kept - await blob_rows.used(session, kept)
        lost = analyses - await stored_files.analyses_there(session, analyses)
    await release(database, blobs, unused)
    for analysis_id in lost:
        await blobs.delete_derived(f"{ANALYSES}/{analysis_id}")
    return Orphans(len(unused), len(lost))
