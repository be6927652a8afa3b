"""Notifications of changed analyses between processes, over PostgreSQL's LISTEN and NOTIFY.

A notification says that an analysis changed, not how: the subscriber reads the row. It may be lost while the
connection is broken, so a subscriber must poll too.
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
PROGRESS: Final = "turnstile_progress"  # many a study: who looked at each took 200 transactions of a study's 240
PAUSE_S: Final = 1.0


async def publish(session: AsyncSession, analysis_id: UUID) -> None:
    """Notify every process that the analysis changed, once this transaction is committed."""
    await session.execute(select(func.pg_notify(CHANNEL, str(analysis_id))))


async def publish_progress(session: AsyncSession, analysis_id: UUID) -> None:
    """The same for a step of a running analysis, for those who show it."""
    await session.execute(select(func.pg_notify(PROGRESS, str(analysis_id))))


class Notifications:
    """Wakes the subscribers of this process; `closed` once the process stops."""

    closed = False

    def __init__(self, url: str) -> None:
        self._url = libpq_url(url)
        self._subscribers: dict[UUID | None, set[asyncio.Event]] = defaultdict(set)  # None: of every analysis
        self._viewers: dict[UUID | None, set[asyncio.Event]] = defaultdict(set)  # of its progress, too

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Notifications"]:
        """Listen until the block ends, on a connection of its own that is opened again when it breaks."""
        listening = asyncio.create_task(self._listen(), name="notifications of analyses")
        try:
            yield self
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    @contextmanager
    def subscribe(self, analysis_id: UUID | None, *, progress: bool = False) -> Iterator[asyncio.Event]:
        """An event that is set whenever the analysis may have changed; with None, whenever any may have.

        With `progress` also after each of its steps.
        """
        event, own = asyncio.Event(), self._viewers if progress else self._subscribers
        own[analysis_id].add(event)
        try:
            yield event
        finally:
            own[analysis_id].discard(event)
            if not own[analysis_id]:
                del own[analysis_id]

    @property
    def subscribers(self) -> int:
        """How many subscriptions to one analysis there are now, those of workers included."""
        both = (*self._subscribers.items(), *self._viewers.items())
        return sum(len(events) for one, events in both if one is not None)

    def close(self) -> None:
        """Wake all subscribers, who then see `closed` and stop."""
        self.closed = True
        self._wake_all()

    async def _listen(self) -> None:
        while True:
            with suppress(psycopg.OperationalError):
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await connection.execute(f"LISTEN {PROGRESS}")
                    self._wake_all()  # analyses may have changed before the LISTEN
                    async for notice in connection.notifies():
                        self._wake(UUID(notice.payload), only_viewers=notice.channel == PROGRESS)
            await asyncio.sleep(PAUSE_S)

    def _wake(self, analysis_id: UUID, *, only_viewers: bool) -> None:
        for subscribers in (self._viewers,) if only_viewers else (self._viewers, self._subscribers):
            for event in (*subscribers.get(analysis_id, ()), *subscribers.get(None, ())):
                event.set()

    def _wake_all(self) -> None:
        for events in (*self._subscribers.values(), *self._viewers.values()):
            for event in events:
                event.set()
