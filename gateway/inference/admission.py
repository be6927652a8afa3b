"""Admission: bounds the slices in flight and the slices that wait; uploads beyond both are refused.

An upload reserves its place before its first byte is read. Without that, many uploads were received and then refused:
at three times the capacity of two cores 51 were received at once, took 30 s instead of 1 s each, and were refused after
the last byte. A reserved upload is refused later only when the queue is full.

`busy_after_s` limits the wait in seconds, not in slices: a queue of 24 slices takes 8 s on two cores and a fraction of
a second on a GPU. Uploads are admitted in the order of arrival; a small one does not overtake a large one, so none
starves.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final, NoReturn

from gateway.inference.throughput_estimate import ThroughputEstimate
from screening.errors import EngineOverloaded

MAX_RETRY_AFTER_S: Final = 60
MAX_ARRIVAL_S: Final = 2.0  # 18 MB take 0.1 s in a data centre; an upload over a slow line must not keep others out


@dataclass(frozen=True)
class _Waiter:
    slices: int
    admitted: "asyncio.Future[None]"


class Admission:
    """Admits uploads by their slices: at most `limit` in flight and `waiting_limit` in the queue.

    An upload that would wait longer than `busy_after_s` is refused, unless fewer than `min_uploads` are admitted.
    `on_refusal` is called for each refusal.
    """

    def __init__(
        self,
        limit: int,
        waiting_limit: int,
        on_refusal: Callable[[], None] = lambda: None,
        *,
        busy_after_s: float = math.inf,
        min_uploads: int = 1,
    ) -> None:
        self.in_flight = 0
        self.waiting = 0
        self.arriving = 0
        self._limit = limit
        self._waiting_limit = waiting_limit
        self._busy_after_s = busy_after_s
        self._min_uploads = min_uploads
        self._on_refusal = on_refusal
        self._queue: deque[_Waiter] = deque()
        self._throughput = ThroughputEstimate()

    @asynccontextmanager
    async def hold(self, slices: int) -> AsyncIterator[None]:
        """Wait in the queue, then keep `slices` in flight for the block; raises EngineOverloaded when it is full."""
        slices = self._capped(slices)
        await self._acquire(slices)
        start, in_flight_at_start = monotonic(), self.in_flight
        try:
            yield
        finally:
            self._throughput.record((in_flight_at_start + self.in_flight) / 2, monotonic() - start)
            self._release(slices)

    @contextmanager
    def reserve(self, slices: int) -> Iterator[None]:
        """Reserve capacity for the block, in which an upload is received; raises EngineOverloaded when there is none.

        The reservation ends after `MAX_ARRIVAL_S` even when the upload is still being received.
        """
        slices = self._capped(slices)
        if not self._can_accept(slices):
            self._refuse()
        self.arriving += slices
        reserved = True

        def end_reservation() -> None:
            nonlocal reserved
            if reserved:
                self.arriving -= slices
                reserved = False

        timer = asyncio.get_running_loop().call_later(MAX_ARRIVAL_S, end_reservation)
        try:
            yield
        finally:
            timer.cancel()
            end_reservation()

    def retry_after_s(self) -> int:
        """Whole seconds until all slices of the service have left at the measured throughput; at least 1."""
        seconds = self._throughput.seconds_for(self._total_slices) or 0.0
        return max(1, min(MAX_RETRY_AFTER_S, math.ceil(seconds)))

    @property
    def _total_slices(self) -> int:
        return self.in_flight + self.waiting + self.arriving

    def _can_accept(self, slices: int) -> bool:
        """Whether there is capacity for `slices` more, and an answer in time."""
        total = self._total_slices
        if total + slices > self._limit + self._waiting_limit:
            return False
        if total < self._min_uploads * slices:
            return True
        return (self._throughput.seconds_for(total + slices) or 0.0) <= self._busy_after_s

    def _capped(self, slices: int) -> int:
        return min(slices, self._limit)  # an upload larger than the limit is admitted alone, not never

    def _fits(self, slices: int) -> bool:
        return not self._queue and self.in_flight + slices <= self._limit

    def _refuse(self) -> NoReturn:
        self._on_refusal()
        raise EngineOverloaded("the service is busy; send the study again after the time in Retry-After")

    async def _acquire(self, slices: int) -> None:
        if self._fits(slices):
            self.in_flight += slices
            return
        if self.waiting + slices > self._waiting_limit:
            self._refuse()
        waiter = _Waiter(slices, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self.waiting += slices
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            self._cancel_waiter(waiter)
            raise

    def _cancel_waiter(self, waiter: _Waiter) -> None:
        """Remove it from the queue, or release its slices if it was admitted in the tick of the cancellation."""
        if waiter in self._queue:
            self._queue.remove(waiter)
            self.waiting -= waiter.slices
            self._admit_waiters()
        else:
            self._release(waiter.slices)

    def _release(self, slices: int) -> None:
        self.in_flight -= slices
        self._admit_waiters()

    def _admit_waiters(self) -> None:
        while self._queue and self.in_flight + self._queue[0].slices <= self._limit:
            if self._queue[0].admitted.cancelled():
                return  # its own task is about to remove it, and admits the next
            waiter = self._queue.popleft()
            self.waiting -= waiter.slices
            self.in_flight += waiter.slices
            waiter.admitted.set_result(None)
