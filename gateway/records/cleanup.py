"""What is taken away once in a while: bytes that nobody uses, and answers that nobody will ask for again.

Every worker does it. That two do it at the same time costs time and nothing else.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from gateway.database.connection import Database
from gateway.errors import DatabaseAway, StorageAway
from gateway.idempotency import store
from gateway.records.orphaned_blobs import sweep_orphans
from gateway.storage.blobs import Blobs

log = structlog.get_logger(__name__)

FIRST_S: Final = 60.0  # a start has better things to do
EVERY_S: Final = 1800.0
ANSWERS_KEPT: Final = timedelta(days=1)  # clients that try again do so within minutes


async def tidy_for_ever(database: Database, blobs: Blobs) -> None:
    """Tidy up until cancelled, whatever goes wrong."""
    await asyncio.sleep(FIRST_S)
    while True:
        try:
            await tidy(database, blobs)
        except (DatabaseAway, StorageAway) as error:
            log.info("not tidied", error=error.code)
        except Exception:
            log.exception("tidying failed")
        await asyncio.sleep(EVERY_S)


async def tidy(database: Database, blobs: Blobs) -> None:
    """Once."""
    async with database.transaction() as session:
        await store.forget(session, datetime.now(UTC) - ANSWERS_KEPT)
    gone = await sweep_orphans(database, blobs)
    if gone.blobs or gone.analyses:
        log.info("swept", blobs=gone.blobs, analyses=gone.analyses)
