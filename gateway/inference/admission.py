"""The gate: slices in work are bounded, those that wait are bounded too, and what comes on top is refused.

An upload has its place from its first byte on. Else a crowd is let in to send: at three times what two cores can do 51
came in at once, took 30 s instead of one for it, and were refused after the last byte.

Turns are taken in the order of arrival; a small upload does not overtake a large one, so that none starves.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import NoReturn

from screening.errors import EngineOverloaded

SMOOTHING = 0.2  # weight of the newest hold; about the last five uploads decide
LONGEST_RETRY_S = 60


@dataclass(frozen=True)
class _Waiter:
    slices: int
    turn: "asyncio.Future[None]"


class Admission:
    """Lets uploads in by their slices; `on_refusal` is called for each that is turned away."""

    def __init__(self, limit: int, waiting_limit: int, on_refusal: Callable[[], None] = lambda: None) -> None:
        self.in_flight = 0
        self.waiting = 0
        self.arriving = 0
        self._limit = limit
        self._waiting_limit = waiting_limit
        self._on_refusal = on_refusal
        self._queue: deque[_Waiter] = deque()
        self._hold_s: float | None = None

    @asynccontextmanager
    async def hold(self, slices: int) -> AsyncIterator[None]:
        """Wait for a turn and keep `slices` in flight for the block; raises EngineOverloaded when the queue is full."""
        slices = self._weight(slices)
        await self._enter(slices)
        start = monotonic()
        try:
            yield
        finally:
            self._measure(monotonic() - start)
            self._leave(slices)

    @contextmanager
    def expect(self, slices: int) -> Iterator[None]:
        """Count an upload while it comes in, in the block; raises EngineOverloaded when it would find no room."""
        slices = self._weight(slices)
        if self.in_flight + self.waiting + self.arriving + slices > self._limit + self._waiting_limit:
            self._refuse()
        self.arriving += slices
        try:
            yield
        finally:
            self.arriving -= slices

    def retry_after_s(self) -> int:
        """Whole seconds until what is in the house has left, at the measured rate; at least 1."""
        if self._hold_s is None:
            return 1
        slices_per_s = self._limit / max(self._hold_s, 1e-6)  # Little's law
        return max(1, min(LONGEST_RETRY_S, math.ceil((self.in_flight + self.waiting + self.arriving) / slices_per_s)))

    def _weight(self, slices: int) -> int:
        return min(slices, self._limit)  # an upload larger than the gate passes alone, not never

    def _fits(self, slices: int) -> bool:
        return not self._queue and self.in_flight + slices <= self._limit

    def _refuse(self) -> NoReturn:
        self._on_refusal()
        raise EngineOverloaded("the service is busy; send the study again after the time in Retry-After")

    async def _enter(self, slices: int) -> None:
        if self._fits(slices):
            self.in_flight += slices
            return
        if self.waiting + slices > self._waiting_limit:
            self._refuse()
        waiter = _Waiter(slices, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self.waiting += slices
        try:
            await waiter.turn
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise

    def _give_up(self, waiter: _Waiter) -> None:
        """Leave the queue, or the house if the turn came in the same tick as the cancellation."""
        if waiter in self._queue:
            self._queue.remove(waiter)
            self.waiting -= waiter.slices
            self._wake()
        else:
            self._leave(waiter.slices)

    def _leave(self, slices: int) -> None:
        self.in_flight -= slices
        self._wake()

    def _wake(self) -> None:
        while self._queue and self.in_flight + self._queue[0].slices <= self._limit:
            if self._queue[0].turn.cancelled():
                return  # its own task is about to take it out, and wakes the next
            waiter = self._queue.popleft()
            self.waiting -= waiter.slices
            self.in_flight += waiter.slices
            waiter.turn.set_result(None)

    def _measure(self, held_s: float) -> None:
        self._hold_s = held_s if self._hold_s is None else (1 - SMOOTHING) * self._hold_s + SMOOTHING * held_s
