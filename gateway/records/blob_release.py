"""Blobs that no scan uses any more, taken away without losing one that is being uploaded again at that moment."""

from collections.abc import Iterable

from gateway.database.connection import Database
from gateway.records.store import blob_rows
from gateway.storage.blobs import Blobs


async def release(database: Database, blobs: Blobs, sha256s: Iterable[str]) -> None:
    """Delete those of these blobs that no scan uses, each with what was derived from it.

    The blob is held from the look to the deletion, and an upload of the same bytes waits for it. What is cut off in
    the middle is found again: the row outlives its object, never the other way round.
    """
    for sha256 in sha256s:
        async with database.transaction() as session:
            if await blob_rows.lock_unused(session, sha256):
                await blobs.delete(sha256)
                await blob_rows.delete(session, sha256)
