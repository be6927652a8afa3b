"""Periodic cleanup: deletes orphaned blobs, expired idempotency answers and ended windows of rate limits.

Each worker runs it. Two workers may run it at the same time; that is only slower.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable, StorageUnavailable
from gateway.idempotency import store as idempotency
from gateway.quotas import store as quotas
from gateway.rate_limits import store as rate_limits
from gateway.records.orphaned_blobs import sweep_orphaned_blobs
from gateway.storage.blobs import Blobs

log = structlog.get_logger(__name__)

START_DELAY_S: Final = 60.0  # not during the start
INTERVAL_S: Final = 1800.0
USAGE_RETENTION: Final = timedelta(days=31)  # for the operator to look at
ANSWER_RETENTION: Final = timedelta(days=1)  # clients retry within minutes


async def clean_up_periodically(database: Database, blobs: Blobs) -> None:
    """Clean up every `INTERVAL_S` seconds until cancelled; errors are logged."""
    await asyncio.sleep(START_DELAY_S)
    while True:
        try:
            await clean_up(database, blobs)
        except (DatabaseUnavailable, StorageUnavailable) as error:
            log.info("cleanup skipped", error=error.code)
        except Exception:
            log.exception("cleanup failed")
        await asyncio.sleep(INTERVAL_S)


async def clean_up(database: Database, blobs: Blobs) -> None:
    """Clean up once."""
    async with database.transaction() as session:
        await idempotency.delete_before(session, datetime.now(UTC) - ANSWER_RETENTION)
        await rate_limits.delete_expired(session, datetime.now(UTC))
        await quotas.delete_before(session, (datetime.now(UTC) - USAGE_RETENTION).date())
    deleted = await sweep_orphaned_blobs(database, blobs)
    if deleted.blobs or deleted.analyses:
        log.info("orphaned blobs deleted", blobs=deleted.blobs, analyses=deleted.analyses)
