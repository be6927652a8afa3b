"""How many uploads may be under way at once, found out as TCP does: up while all goes well, halved when refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

START: Final = 2


class Window:
    """At most `most` at once. Doubles while nothing was refused, then grows by one a round (RFC 5681, 3.1)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = float(min(most, START))
        self._under_way = 0
        self._round = 0
        self._changed = asyncio.Condition()

    @property
    def size(self) -> int:
        """How many may be under way now."""
        return int(self._size)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[int]:
        """Wait for a place and hold it; gives the round that it belongs to."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._under_way < self.size)
            self._under_way += 1
        try:
            yield self._round
        finally:
            self._under_way -= 1
            async with self._changed:
                self._changed.notify_all()

    def taken(self) -> None:
        """An upload was taken."""
        self._size = min(self._most, self._size + (1 / self._size if self._round else 1))

    def refused(self, round_: int) -> None:
        """An upload of this round was refused: halve, once a round, for those sent together are refused together."""
        if round_ == self._round:
            self._size = max(1.0, self._size / 2)
            self._round += 1
