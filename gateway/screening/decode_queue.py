"""The queue for the decode workers: whose call starts next, so that slow files of one client keep nobody else waiting.

A call waits for a free worker. Turns go round the institutions that wait, then round the principals of each (ADR 31,
`LastTurns`; not `FairQueue`, since who is next may have to leave a worker to another one).
While others wait, no principal, no institution and not all views together hold more than all workers but one. A
principal who lately held a worker for long leaves the last one free even when nobody waits, for those who were here
lately. A running call is never stopped for another one: what one may take is bounded by the budgets of an upload.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

from gateway.fairness.last_turns import LastTurns
from gateway.fairness.party import Party

SLOW_S: Final = 10.0  # a study of 1,000 slices takes less
LATELY_S: Final = 600.0
MOST_REMEMBERED: Final = 1000


@dataclass(eq=False)
class _Call:
    party: Party
    is_view: bool
    granted: "asyncio.Future[None]"
    started_s: float = 0.0


@dataclass
class _Past:
    """What is remembered of a principal: the time of its last turn, and until when a slow one counts."""

    seen_s: float = 0.0
    slow_until_s: float = 0.0


class DecodeQueue:
    """The calls that wait for `workers` workers, and those that hold one; for one event loop."""

    def __init__(self, workers: int, clock: Callable[[], float] = monotonic) -> None:
        self._workers = workers
        self._share = max(1, workers - 1)
        self._clock = clock
        self._running: list[_Call] = []
        self._waiting: list[_Call] = []
        self._last_turns = LastTurns()
        self._past: dict[Party, _Past] = {}

    @asynccontextmanager
    async def worker(self, party: Party, *, is_view: bool = False) -> AsyncIterator[None]:
        """Wait for a free worker and hold it until the block ends."""
        call = _Call(party, is_view, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        self._start_calls()
        try:
            await call.granted
            yield
        finally:
            self._end(call)
            self._start_calls()

    def _end(self, call: _Call) -> None:
        if call in self._waiting:
            self._waiting.remove(call)
            return
        self._running.remove(call)
        now_s = self._clock()
        if now_s - call.started_s >= SLOW_S:
            self._past_of(call.party).slow_until_s = now_s + LATELY_S

    def _start_calls(self) -> None:
        while len(self._running) < self._workers and (call := self._next()):
            self._waiting.remove(call)
            self._running.append(call)
            self._last_turns.record(call.party)
            call.started_s = self._past_of(call.party).seen_s = self._clock()
            if not call.granted.done():  # cancelled in this very moment; its block ends at once
                call.granted.set_result(None)

    def _next(self) -> _Call | None:
        """The waiting call that starts next on a free worker; None where that one is kept free."""
        calls = _not_all(self._waiting, lambda call: self._holds(_institution(call)) >= self._share)
        calls = _not_all(calls, lambda call: self._holds(_principal(call)) >= self._share)
        if sum(call.is_view for call in self._running) >= self._share:
            calls = _not_all(calls, lambda call: call.is_view)
        calls = [call for call in calls if not self._leaves_the_last_worker(call)]
        return min(calls, key=lambda call: self._last_turns.order(call.party), default=None)  # then who waits longest

    def _leaves_the_last_worker(self, call: _Call) -> bool:
        now_s = self._clock()
        if self._workers == 1 or self._holds(_principal(call)) < self._share:
            return False
        if self._past_of(call.party).slow_until_s <= now_s:
            return False
        lately = now_s - LATELY_S
        return any(party != call.party and past.seen_s > lately for party, past in self._past.items())

    def _holds(self, key: tuple[str, ...]) -> int:
        return sum(key in (_principal(call), _institution(call)) for call in self._running)

    def _past_of(self, party: Party) -> _Past:
        if party not in self._past and len(self._past) >= MOST_REMEMBERED:
            del self._past[min(self._past, key=lambda one: self._past[one].seen_s)]
        return self._past.setdefault(party, _Past())


def _institution(call: _Call) -> tuple[str, ...]:
    return (call.party.institution,)


def _principal(call: _Call) -> tuple[str, ...]:
    return call.party.institution, call.party.principal


def _not_all(calls: Iterable[_Call], without: Callable[[_Call], bool]) -> list[_Call]:
    """The calls less those, or all where nothing would be left."""
    calls = list(calls)
    return [call for call in calls if not without(call)] or calls
