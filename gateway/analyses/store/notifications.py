"""News of analyses across processes, over PostgreSQL's LISTEN and NOTIFY.

News says that something changed, not what: who waits for it reads the row. It may be lost while the connection is
away, so nobody may wait for news alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final
from uuid import UUID

import psycopg
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.connection import libpq_url

CHANNEL: Final = "turnstile_analyses"
PAUSE_S: Final = 1.0


async def tell(session: AsyncSession, analysis_id: UUID) -> None:
    """Tell every process that the analysis changed, once this transaction is committed."""
    await session.execute(select(func.pg_notify(CHANNEL, str(analysis_id))))


class News:
    """Wakes those in this process who watch an analysis; `over` once nobody should watch any longer."""

    over = False

    def __init__(self, url: str) -> None:
        self._url = libpq_url(url)
        self._watchers: dict[UUID, set[asyncio.Event]] = defaultdict(set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["News"]:
        """Listen for the block's time, on a connection of its own that is made again whenever it breaks."""
        listening = asyncio.create_task(self._listen(), name="news of analyses")
        try:
            yield self
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    @contextmanager
    def of(self, analysis_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever the analysis may have changed."""
        event = asyncio.Event()
        self._watchers[analysis_id].add(event)
        try:
            yield event
        finally:
            self._watchers[analysis_id].discard(event)
            if not self._watchers[analysis_id]:
                del self._watchers[analysis_id]

    @property
    def watchers(self) -> int:
        """How many watch now, workers among them."""
        return sum(len(events) for events in self._watchers.values())

    def end(self) -> None:
        """The process stops: send the watchers home."""
        self.over = True
        self._wake_all()

    async def _listen(self) -> None:
        while True:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._wake_all()  # something may have happened while nobody listened
                    async for notice in connection.notifies():
                        self._wake(UUID(notice.payload))
            await asyncio.sleep(PAUSE_S)

    def _wake(self, analysis_id: UUID) -> None:
        for event in self._watchers.get(analysis_id, ()):
            event.set()

    def _wake_all(self) -> None:
        for analysis_id in list(self._watchers):
            self._wake(analysis_id)
