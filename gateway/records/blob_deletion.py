"""Deletes blobs that no scan uses, without losing a blob that is uploaded again at the same time."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from gateway.database.connection import Database
from gateway.records.store import blob_rows
from gateway.storage.blobs import Blobs

ANALYSES: Final = "analyses"  # the folder of what is derived from them


async def delete_derived_of(blobs: Blobs, analysis_ids: Iterable[UUID | str]) -> None:
    """Delete what was derived from these analyses, which are gone: the evidence, and results as DICOM with names."""
    for analysis_id in analysis_ids:
        await blobs.delete_derived(f"{ANALYSES}/{analysis_id}")


async def delete_unused_blobs(database: Database, blobs: Blobs, sha256s: Iterable[str]) -> None:
    """Delete those of these blobs that no scan uses, each with the data derived from it.

    The blob is locked from the check to the deletion; an upload of the same bytes waits for the lock. The object is
    deleted before its row, so that an interrupted deletion is found and repeated.
    """
    for sha256 in sha256s:
        async with database.transaction() as session:
            if await blob_rows.lock_if_unused(session, sha256):
                await blobs.delete(sha256)
                await blob_rows.delete(session, sha256)
