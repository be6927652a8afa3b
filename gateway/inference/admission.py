"""Admission: bounds the slices in flight and the uploads that wait; one that would wait too long is refused at once.

An upload reserves its place before its first byte is read. Without that, many uploads were received and then refused:
at three times the capacity of two cores 51 were received at once, took 30 s instead of 1 s each, and were refused after
the last byte.

Waiting uploads have turns (`FairQueue`), and the expected wait of a new one counts only the turns before its own: a
crowd of one principal delays others by a turn each, and is refused before it takes their places. The next upload waits
until it fits; a small one does not overtake a large one, so none starves.

An upload that the 3D expert is asked about gives its slices back before the expert looks at it, and stays until it is
reported: it no longer keeps others from starting, but those that come later wait for its seconds too.
"""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from gateway.fairness.fair_queue import FairQueue
from gateway.fairness.party import LOCAL, Party
from gateway.fairness.wait_bound import Weights, turns_before
from gateway.inference.throughput_estimate import ThroughputEstimate
from screening.errors import EngineOverloaded

MAX_RETRY_AFTER_S: Final = 60
MAX_ARRIVAL_S: Final = 2.0  # 18 MB take 0.1 s in a data centre; an upload over a slow line must not keep others out
OVERRUN: Final = 3.0  # an upload that waits so many times `busy_after_s` is refused: the estimate was wrong
LATE: Final = 1.5  # one that will take so many times, as the uploads that ended meanwhile show, is refused at once


@dataclass(frozen=True, eq=False)
class _Waiter:
    party: Party
    slices: int
    patient: bool
    admitted: "asyncio.Future[None]"
    since_s: float = field(default_factory=monotonic)


@dataclass
class Admitted:
    """An upload that was admitted; the holder says whether a study of it was screened, and when its slices were."""

    end_slices: Callable[[], None]
    screened: bool = False


class Admission:
    """Admits uploads by their slices: at most `limit` in flight and `waiting_limit` that wait, arrive or finish.

    An upload that would wait longer than `busy_after_s` is refused, unless fewer than `min_uploads` are admitted, or
    its institution has none. Of the free places one principal takes half, and one institution as many as it leaves
    free. `weights` are those of the institutions. `on_refusal` is called for each refusal.
    """

    def __init__(
        self,
        limit: int,
        waiting_limit: int,
        on_refusal: Callable[[], None] = lambda: None,
        *,
        busy_after_s: float = math.inf,
        min_uploads: int = 1,
        weights: Weights | None = None,
    ) -> None:
        self.in_flight = 0
        self.finishing = 0
        self.waiting = 0
        self.arriving = 0
        self._limit = limit
        self._waiting_limit = waiting_limit
        self._busy_after_s = busy_after_s
        self._min_uploads = min_uploads
        self._weights = weights or {}
        self._on_refusal = on_refusal
        self._queue: FairQueue[_Waiter] = FairQueue(self._weights)
        self._clients: dict[_Waiter, None] = {}  # those in the queue that a client waits for, as they came
        self._uploads: Counter[Party] = Counter()  # that wait or arrive
        self._admitted_of: Counter[str] = Counter()  # slices by institution, in flight or finishing
        self._throughput = ThroughputEstimate()

    @asynccontextmanager
    async def hold(
        self, slices: int, party: Party = LOCAL, *, urgent: bool = False, patient: bool = False
    ) -> AsyncIterator[Admitted]:
        """Wait for a turn, then keep `slices` in flight for the block, or until `end_slices`, and finishing after it.

        Raises EngineOverloaded when too many wait, once it is known that it will take `LATE` times `busy_after_s`, or
        after `OVERRUN` times that; never when `patient`: an analysis of the job queue has waited already, and no client
        waits for it.
        """
        slices = self._capped(slices)
        await self._acquire(_Waiter(party, slices, patient, asyncio.get_running_loop().create_future()), urgent)
        start, admitted_at_start, full = monotonic(), self._admitted_slices, self._is_full(slices)
        in_flight = True

        def end_slices() -> None:
            nonlocal full, in_flight
            if in_flight:
                full = full or self._is_full(slices)
                in_flight = False
                self._end_slices(slices)

        admitted = Admitted(end_slices)
        try:
            yield admitted
        finally:
            end_slices()
            mean_admitted = (admitted_at_start + self._admitted_slices) / 2
            self._throughput.record(mean_admitted, monotonic() - start, full=full, screened=admitted.screened)
            self._finish(party, slices)
            self._refuse_late()

    @contextmanager
    def reserve(self, slices: int, party: Party = LOCAL) -> Iterator[None]:
        """Reserve capacity for the block, in which an upload is received; raises EngineOverloaded when there is none.

        The reservation ends after `MAX_ARRIVAL_S` even when the upload is still being received.
        """
        slices = self._capped(slices)
        wait_s = self._seconds_until_acceptable(slices, party)
        if wait_s:
            raise self._refusal(wait_s)
        self.arriving += slices
        self._uploads[party] += 1
        reserved = True

        def end_reservation() -> None:
            nonlocal reserved
            if reserved:
                self.arriving -= slices
                self._leave_queue(party)
                reserved = False

        timer = asyncio.get_running_loop().call_later(MAX_ARRIVAL_S, end_reservation)
        try:
            yield
        finally:
            timer.cancel()
            end_reservation()

    def retry_after_s(self) -> int:
        """Whole seconds until all slices of the service have left at the measured throughput; at least 1."""
        return _whole_seconds(self._seconds_for(self._total_slices))

    @property
    def _total_slices(self) -> int:
        return self._admitted_slices + self.waiting + self.arriving

    @property
    def _admitted_slices(self) -> int:
        return self.in_flight + self.finishing

    def _seconds_until_acceptable(self, slices: int, party: Party) -> float:
        """0 when an upload of `slices` is accepted, else the seconds until one like it will be."""
        total = self._total_slices
        free = self._limit + self._waiting_limit - total - slices
        if free >= 0 and total < self._min_uploads * slices:
            return 0.0
        missing = max(-free, self._beyond_share(slices, party, free))
        if missing > 0:
            return self._seconds_for(missing) or 1.0
        if self._is_absent(party.institution):
            return 0.0
        before = self._admitted_slices + slices * turns_before(party, self._uploads, self._weights)
        return max(0.0, self._seconds_for(before + slices) - self._busy_after_s)

    def _beyond_share(self, slices: int, party: Party, free: int) -> float:
        """Slices that must leave before the party may take `slices` more; not above 0 when it may.

        A limit for each that depends on the places that are free (Choudhury and Hahne, 1998) keeps some free for
        those that come next, without knowing how many they will be.
        """
        own = slices * self._uploads[party]
        institution = slices * sum(n for one, n in self._uploads.items() if one.institution == party.institution)
        return max(own - free / 2, institution - free)

    def _is_absent(self, institution: str) -> bool:
        """Whether the institution has no upload here: then one is accepted, however long the others' take."""
        waits = any(party.institution == institution for party in self._uploads)
        return not waits and not self._admitted_of[institution]

    def _is_full(self, slices: int) -> bool:
        """Whether an upload of `slices` would wait."""
        return bool(self._queue) or self.in_flight + slices > self._limit

    def _seconds_for(self, slices: float) -> float:
        return self._throughput.seconds_for(slices) or 0.0

    def _capped(self, slices: int) -> int:
        return min(slices, self._limit)  # an upload larger than the limit is admitted alone, not never

    def _refusal(self, wait_s: float) -> EngineOverloaded:
        self._on_refusal()
        seconds = _whole_seconds(wait_s)
        error = EngineOverloaded(f"the service is busy; send the study again in {seconds} s")
        error.headers = {"Retry-After": str(seconds)}
        return error

    async def _acquire(self, waiter: _Waiter, urgent: bool) -> None:
        has_place = waiter.patient or self.waiting + waiter.slices <= self._waiting_limit
        if self._is_full(waiter.slices) and not has_place:
            raise self._refusal(self._seconds_for(waiter.slices))
        self._queue.add(waiter.party, waiter, urgent=urgent)
        self._uploads[waiter.party] += 1
        self.waiting += waiter.slices
        if not waiter.patient:
            self._clients[waiter] = None
        self._admit_waiters()
        await self._wait(waiter)

    async def _wait(self, waiter: _Waiter) -> None:
        longest_s = math.inf if waiter.patient else OVERRUN * self._busy_after_s
        try:
            async with asyncio.timeout(longest_s if math.isfinite(longest_s) else None):
                await waiter.admitted
        except asyncio.CancelledError:
            self._cancel_waiter(waiter)
            raise
        except TimeoutError:
            self._cancel_waiter(waiter)
            raise self._refusal(self._seconds_for(self._total_slices)) from None

    def _cancel_waiter(self, waiter: _Waiter) -> None:
        """Remove it from the queue, or release its slices if it was admitted in the tick of the cancellation."""
        if self._queue.remove(waiter.party, waiter):
            self._stop_waiting(waiter)
            self._admit_waiters()
        elif waiter.admitted.cancelled() or waiter.admitted.exception() is None:
            self._end_slices(waiter.slices)
            self._finish(waiter.party, waiter.slices)

    def _refuse_late(self) -> None:
        """Refuse those that came last and will take too long by what is known now, instead of when they have waited."""
        in_time: set[Party] = set()
        for waiter in reversed(list(self._clients)):
            if self._total_slices <= self._min_uploads * waiter.slices:
                return
            if waiter.party in in_time or waiter.admitted.done():  # done: its task is about to remove it
                continue
            late_s = self._late_s(waiter)
            if late_s <= 0:
                in_time.add(waiter.party)
            else:
                self._queue.remove(waiter.party, waiter)
                self._stop_waiting(waiter)
                waiter.admitted.set_exception(self._refusal(late_s))

    def _late_s(self, waiter: _Waiter) -> float:
        """By how many seconds the newest upload of its party will be late; 0 for the only one of an institution."""
        others = self._uploads - Counter({waiter.party: 1})
        institution = waiter.party.institution
        if not self._admitted_of[institution] and all(party.institution != institution for party in others):
            return 0.0
        slices = self._admitted_slices + waiter.slices * (turns_before(waiter.party, others, self._weights) + 1)
        return monotonic() - waiter.since_s + self._seconds_for(slices) - LATE * self._busy_after_s

    def _end_slices(self, slices: int) -> None:
        self.in_flight -= slices
        self.finishing += slices
        self._admit_waiters()

    def _finish(self, party: Party, slices: int) -> None:
        self.finishing -= slices
        self._admitted_of[party.institution] -= slices
        if not self._admitted_of[party.institution]:
            del self._admitted_of[party.institution]

    def _admit_waiters(self) -> None:
        while self._queue:
            waiter = self._queue.first()
            if waiter.admitted.cancelled() or self.in_flight + waiter.slices > self._limit:
                return  # the task of a cancelled one is about to remove it, and admits the next
            self._queue.take()
            self._stop_waiting(waiter)
            self.in_flight += waiter.slices
            self._admitted_of[waiter.party.institution] += waiter.slices
            waiter.admitted.set_result(None)

    def _stop_waiting(self, waiter: _Waiter) -> None:
        self._clients.pop(waiter, None)
        self.waiting -= waiter.slices
        self._leave_queue(waiter.party)

    def _leave_queue(self, party: Party) -> None:
        self._uploads[party] -= 1
        if not self._uploads[party]:
            del self._uploads[party]


def _whole_seconds(seconds: float) -> int:
    return max(1, min(MAX_RETRY_AFTER_S, math.ceil(seconds)))
