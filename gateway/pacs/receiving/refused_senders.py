"""Remembers whose associations and instances were refused, and why, for the page of the network.

Refusals are counted in memory and written together, so that a flood of them is a few rows every few seconds.
"""

import asyncio
from collections import Counter
from typing import Final

import structlog

from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable
from gateway.pacs.receiving.arrival import Sender
from gateway.pacs.receiving.store import refused_senders as rows

log = structlog.get_logger(__name__)

WRITE_AFTER_S: Final = 2.0
AT_ONCE: Final = 50  # senders and reasons; further ones of these seconds are in the log and in the metrics alone
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


class RefusedSenders:
    """Counts refusals of any sender. Those of the last seconds are lost with the process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: Counter[rows.Key] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def note(self, sender: Sender, reason: str) -> None:
        """Count one refusal; called on the event loop."""
        name = "".join(letter if letter.isprintable() else REPLACEMENT for letter in sender.name)
        key = (sender.institution, sender.source, name, reason)
        if key in self._counts or len(self._counts) < AT_ONCE:
            self._counts[key] += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon(), name="refused senders")

    async def _write_soon(self) -> None:
        await asyncio.sleep(WRITE_AFTER_S)
        counts, self._counts = self._counts, Counter()
        try:
            async with self._database.transaction() as session:
                await rows.add(session, counts)
        except DatabaseUnavailable:
            log.info("refused senders are not listed: the database does not answer", senders=len(counts))
