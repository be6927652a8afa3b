"""The number of uploads at once, adapted as by TCP: it grows with accepted uploads and is halved by a refusal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

START: Final = 2


class ConcurrencyWindow:
    """At most `limit` at once. Doubles until the first refusal, then grows by one in each round (RFC 5681, 3.1)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = float(min(limit, START))
        self._in_flight = 0
        self._round = 0
        self._changed = asyncio.Condition()

    @property
    def size(self) -> int:
        """The number of uploads allowed at once now."""
        return int(self._size)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Wait for a free slot and hold it; gives the number of its round."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._in_flight < self.size)
            self._in_flight += 1
        try:
            yield self._round
        finally:
            self._in_flight -= 1
            async with self._changed:
                self._changed.notify_all()

    def accepted(self) -> None:
        """An upload was accepted: grow."""
        self._size = min(self._limit, self._size + (1 / self._size if self._round else 1))

    def refused(self, round_: int) -> None:
        """An upload of this round was refused: halve the size, once a round, since a refusal hits all of a round."""
        if round_ == self._round:
            self._size = max(1.0, self._size / 2)
            self._round += 1
