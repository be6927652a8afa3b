"""The gate: slices in work are bounded, those that wait are bounded too, and what comes on top is refused.

An upload has its place from its first byte on. Else a crowd is let in to send: at three times what two cores can do 51
came in at once, took 30 s instead of one for it, and were refused after the last byte. What is let in is not refused
any more, but for a queue without end.

How many are let in is a matter of time, not of number: a queue of 24 is 8 s on two cores, and nothing on a GPU.
Turns are taken in the order of arrival; a small upload does not overtake a large one, so that none starves.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final, NoReturn

from gateway.inference.throughput_estimate import Pace
from screening.errors import EngineOverloaded

LONGEST_RETRY_S: Final = 60
ON_ITS_WAY_S: Final = 2.0  # 18 MB take 0.1 s in a data centre; a slower line's upload must not keep others out


@dataclass(frozen=True)
class _Waiter:
    slices: int
    turn: "asyncio.Future[None]"


class Admission:
    """Lets uploads in by their slices; `on_refusal` is called for each that is turned away.

    An upload that would be answered later than in `busy_after_s` is refused, unless fewer than `always` are in.
    """

    def __init__(
        self,
        limit: int,
        waiting_limit: int,
        on_refusal: Callable[[], None] = lambda: None,
        *,
        busy_after_s: float = math.inf,
        always: int = 1,
    ) -> None:
        self.in_flight = 0
        self.waiting = 0
        self.arriving = 0
        self._limit = limit
        self._waiting_limit = waiting_limit
        self._busy_after_s = busy_after_s
        self._always = always
        self._on_refusal = on_refusal
        self._queue: deque[_Waiter] = deque()
        self._pace = Pace()

    @asynccontextmanager
    async def hold(self, slices: int) -> AsyncIterator[None]:
        """Wait for a turn and keep `slices` in flight for the block; raises EngineOverloaded when the queue is full."""
        slices = self._weight(slices)
        await self._enter(slices)
        start, at_first = monotonic(), self.in_flight
        try:
            yield
        finally:
            self._pace.left((at_first + self.in_flight) / 2, monotonic() - start)
            self._leave(slices)

    @contextmanager
    def expect(self, slices: int) -> Iterator[None]:
        """Let an upload come in, in the block; raises EngineOverloaded when it would find no room, or wait too long.

        It counts while it comes in, but for no longer than `ON_ITS_WAY_S`.
        """
        slices = self._weight(slices)
        if not self._takes(slices):
            self._refuse()
        self.arriving += slices
        counted = True

        def forget() -> None:
            nonlocal counted
            if counted:
                self.arriving -= slices
                counted = False

        slow = asyncio.get_running_loop().call_later(ON_ITS_WAY_S, forget)
        try:
            yield
        finally:
            slow.cancel()
            forget()

    def retry_after_s(self) -> int:
        """Whole seconds until what is in the house has left, at the measured pace; at least 1."""
        return max(1, min(LONGEST_RETRY_S, math.ceil(self._pace.seconds_for(self._inside) or 0.0)))

    @property
    def _inside(self) -> int:
        return self.in_flight + self.waiting + self.arriving

    def _takes(self, slices: int) -> bool:
        """Whether there is room for one more, and an answer in time."""
        if self._inside + slices > self._limit + self._waiting_limit:
            return False
        return self._inside < self._always * slices or (self._pace.seconds_for(self._inside + slices) or 0.0) <= (
            self._busy_after_s
        )

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
