"""The cores of one machine, shared evenly by all running processes: processor sharing, as by a fair scheduler.

Each of n computations gets a whole core while n is at most `count`, else count / n of one. All get the same, so one
clock of service counts for all: who comes when it shows V and needs s seconds is done when it shows V + s.
"""

from heapq import heappop, heappush
from itertools import count as numbers
from typing import Final

import simpy

LEAST_S: Final = 1e-9  # rounding errors


class Cores:
    """`count` cores inside a simulation; fractions are allowed, where other programs use a part of them."""

    def __init__(self, environment: simpy.Environment, count: float) -> None:
        self._environment, self._count = environment, count
        self._served_s = self._seen_s = 0.0
        self._ends: list[tuple[float, int, simpy.Event]] = []
        self._numbers, self._plan = numbers(), 0
        self.busy_s = 0.0

    def compute(self, seconds: float) -> simpy.Event:
        """An event that occurs after this number of CPU seconds."""
        self._advance()
        done = self._environment.event()
        heappush(self._ends, (self._served_s + seconds, next(self._numbers), done))
        self._plan_next()
        return done

    def _advance(self) -> None:
        """Advance the service time to now."""
        now, computing = self._environment.now, len(self._ends)
        if computing:
            self._served_s += (now - self._seen_s) * min(1.0, self._count / computing)
            self.busy_s += (now - self._seen_s) * min(computing, self._count)
        self._seen_s = now

    def _plan_next(self) -> None:
        """Schedule the end of the first job; an earlier arrival schedules it anew."""
        self._plan += 1
        if self._ends:
            left_s = max(0.0, self._ends[0][0] - self._served_s) / min(1.0, self._count / len(self._ends))
            ring = self._environment.timeout(left_s, self._plan)
            ring.callbacks.append(self._ring)

    def _ring(self, ring: simpy.Event) -> None:
        if ring.value != self._plan:
            return
        self._advance()
        while self._ends and self._ends[0][0] <= self._served_s + LEAST_S:
            heappop(self._ends)[2].succeed()
        self._plan_next()
