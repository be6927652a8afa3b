"""Sealing: audit events that were written with their actions are linked into the hash chain, in batches.

An event is committed with its action at once, beside the chain; so no action waits for another one's commit. Every
process that writes events seals those of all processes, also of killed ones: several times a second while it writes,
else every two seconds.
docs/adr/0029-audit-in-batches.md has the reasons.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Final, Self

import structlog

from gateway.audit import store
from gateway.audit.last_write import LAST_WRITE
from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

EVERY_S: Final = 0.2  # the longest that the end of the log is unprotected by the chain
OTHERS_EVERY_S: Final = 2.0  # for events of killed processes
OPEN_S: Final = 1.0  # a transaction that wrote an event has ended by then, or waits for the look of OTHERS_EVERY_S
RETRY_S: Final = 5.0
BATCH: Final = 1000  # events of one transaction: about 50 ms


async def seal_all(database: Database) -> int:
    """Link every event that waits now into the chain; returns their number. Raises DatabaseUnavailable."""
    total = 0
    while True:
        async with database.transaction() as session:
            sealed = await store.seal(session, BATCH)
        total += sealed
        if sealed < BATCH:
            return total


class Sealer:
    """Seals until the block of `running` ends, and once more then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_success_s = monotonic()

    @property
    def silent_s(self) -> float:
        """Seconds since this process last sealed, or found nothing to seal."""
        return monotonic() - self._last_success_s

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Seal in the background."""
        task = asyncio.create_task(self._seal_forever(), name="seal")
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            with suppress(DatabaseUnavailable):  # the next process seals what is left
                await seal_all(self._database)

    async def _seal_forever(self) -> None:
        while True:
            try:
                await self._seal_if_any()
            except DatabaseUnavailable:
                await asyncio.sleep(RETRY_S)
            except Exception:
                log.exception("audit events were not sealed")
                await asyncio.sleep(RETRY_S)
            await self._until_a_look_is_due()

    async def _until_a_look_is_due(self) -> None:
        for _ in range(round(OTHERS_EVERY_S / EVERY_S)):
            await asyncio.sleep(EVERY_S)
            if LAST_WRITE.ago_s < OPEN_S:
                return

    async def _seal_if_any(self) -> None:
        """Most of the time nothing waits: then no lock is taken and nothing is written."""
        async with self._database.transaction() as session:
            waiting = await store.any_pending(session)
        if waiting:
            await seal_all(self._database)
        self._last_success_s = monotonic()
