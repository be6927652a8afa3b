"""Deletes what receiving left: objects that no instance names, and studies without an instance.

A process that was killed between storing and recording leaves such objects, and so does the deletion of a patient while
instances wait.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.database.connection import Database
from gateway.pacs.receiving.store import leftovers
from gateway.storage.blobs import Blobs

MIN_AGE: Final = timedelta(hours=1)  # an object is recorded within seconds of being stored


async def delete_leftovers(database: Database, blobs: Blobs, age: timedelta = MIN_AGE) -> int:
    """Delete what is older than `age`; the number of objects."""
    keys = [key async for key in blobs.waiting_before(datetime.now(UTC) - age)]
    async with database.transaction() as session:
        orphans = set(keys) - await leftovers.named(session, keys)
        await leftovers.delete_empty_studies(session, age)
    await blobs.delete_waiting(*orphans)
    return len(orphans)
