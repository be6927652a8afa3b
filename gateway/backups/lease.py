"""The lease of an archive: one backup writes there at a time, and one that was killed does not block the others.

The object `writing` names the holder and a number that it raises every few seconds. Who finds a lease watches it: one
that changes belongs to a living backup, and one that does not is taken over. Only the watcher's own monotonic clock
counts, so neither a clock that jumps nor the clock of the storage matters.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from time import monotonic
from typing import Final, Self
from uuid import uuid4

import structlog

from gateway.backups.errors import BackupInUse
from gateway.errors import StorageUnavailable
from gateway.storage.objects import Objects

log = structlog.get_logger(__name__)

KEY: Final = "writing"
HEARTBEAT_S: Final = 5.0
STALE_AFTER_S: Final = 30.0  # six heartbeats
SETTLE_S: Final = 2.0  # of several that take over at once, the one that wrote last holds it
WITHOUT_HEARTBEAT: Final = timedelta(days=1)  # a release before this one wrote an empty lease and never renewed it


@dataclass
class ArchiveLease:
    """The lease of one writer."""

    objects: Objects
    heartbeat_s: float = HEARTBEAT_S
    stale_after_s: float = STALE_AFTER_S
    settle_s: float = SETTLE_S
    holder: str = field(default_factory=lambda: uuid4().hex)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Self]:
        """Hold the lease until the block ends; raises BackupInUse while another backup writes."""
        if not await self._create():
            await self._take_over()
        renewing = asyncio.create_task(self._renew_forever())
        try:
            yield self
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            if await self._is_held():
                await self.objects.delete(KEY)

    async def check(self) -> None:
        """Raise BackupInUse when another backup has taken the lease over: this one was silent for too long."""
        if not await self._is_held():
            raise BackupInUse("another backup took over, since this one stood still; nothing of this one counts")

    async def _is_held(self) -> bool:
        return (await self.objects.get(KEY) or b"").startswith(self.holder.encode())

    async def _create(self) -> bool:
        return await self.objects.create(KEY, self._content(0))

    async def _take_over(self) -> None:
        """Take a stale lease over; raises BackupInUse."""
        found = await self.objects.get(KEY)
        if found is not None:
            await self._refuse_if_alive(found)
            if await self.objects.get(KEY) == found:
                log.warning("the backup that wrote here has ended without a word; its lease is taken over")
                await self.objects.delete(KEY)
        if not await self._create():
            raise BackupInUse("another backup writes there; it took over a moment before")
        await asyncio.sleep(self.settle_s)
        await self.check()

    async def _refuse_if_alive(self, found: bytes) -> None:
        if not found:
            await self._refuse_if_young()
            return
        end_s = monotonic() + self.stale_after_s
        while monotonic() < end_s:
            await asyncio.sleep(self.heartbeat_s / 2)
            if (now := await self.objects.get(KEY)) != found:
                ended = "has just ended; try again" if now is None else "writes there now"
                raise BackupInUse(f"another backup {ended}")

    async def _refuse_if_young(self) -> None:
        since = [one.modified_at async for one in self.objects.list_under("") if one.key == KEY]
        if since and datetime.now(UTC) - since[0] < WITHOUT_HEARTBEAT:
            raise BackupInUse(
                f"a backup of an older release writes there since {since[0]:%Y-%m-%d %H:%M} UTC; if none does, it was "
                f"killed: delete the object `{KEY}` there"
            )

    async def _renew_forever(self) -> None:
        for number in count(1):
            await asyncio.sleep(self.heartbeat_s)
            try:
                if not await self._is_held():
                    return
                await self.objects.put(KEY, self._content(number))
            except StorageUnavailable:
                log.warning("the lease of the backup was not renewed: the storage does not answer")

    def _content(self, number: int) -> bytes:
        return f"{self.holder} {number}".encode()
