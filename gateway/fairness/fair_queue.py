"""A queue in memory whose turns go round: urgent before routine, then round institutions, then round principals.

Whose turn is next, `LastTurns` tells. There is no credit: who was idle is served next once, not as often as it was
idle. `gateway.analyses.store.fair_order` has the same rule in SQL; ADR 31 has the reasons and the bound.
"""

from collections import deque
from typing import Final, Generic, TypeVar

from gateway.fairness.last_turns import LastTurns
from gateway.fairness.party import Party
from gateway.fairness.wait_bound import Weights

T = TypeVar("T")

URGENT_PER_ROUTINE: Final = 9  # after so many urgent turns in a row a routine one is served, if any waits


class FairQueue(Generic[T]):
    """Items of parties, in the order of their turns; those of one party in the order of arrival."""

    def __init__(self, weights: Weights | None = None) -> None:
        self._classes = {urgent: _Class[T](weights) for urgent in (True, False)}
        self._urgent_in_a_row = 0

    def __bool__(self) -> bool:
        return any(one.waiting for one in self._classes.values())

    def add(self, party: Party, item: T, *, urgent: bool = False) -> None:
        """Add an item behind those of its party."""
        self._classes[urgent].waiting.setdefault(party, deque()).append(item)

    def remove(self, party: Party, item: T) -> bool:
        """Remove an item; False when it is not in the queue (any more)."""
        return any(one.remove(party, item) for one in self._classes.values())

    def first(self) -> T:
        """The item whose turn is next; raises ValueError when the queue is empty."""
        one = self._classes[self._next_class()]
        return one.waiting[one.next_party()][0]

    def take(self) -> T:
        """Remove and return the item whose turn is next; raises ValueError when the queue is empty."""
        urgent = self._next_class()
        self._urgent_in_a_row = self._urgent_in_a_row + 1 if urgent else 0
        return self._classes[urgent].take()

    def _next_class(self) -> bool:
        urgent, routine = (bool(self._classes[kind].waiting) for kind in (True, False))
        return urgent and not (routine and self._urgent_in_a_row >= URGENT_PER_ROUTINE)


class _Class(Generic[T]):
    """The items of one priority class, and who had the last turns in it."""

    def __init__(self, weights: Weights | None) -> None:
        self.waiting: dict[Party, deque[T]] = {}  # in the order in which the parties began to wait
        self._last_turns = LastTurns(weights)

    def next_party(self) -> Party:
        return min(self.waiting, key=self._last_turns.order)

    def take(self) -> T:
        party = self.next_party()
        item = self.waiting[party].popleft()
        self._forget_if_empty(party)
        self._last_turns.record(party)
        return item

    def remove(self, party: Party, item: T) -> bool:
        items = self.waiting.get(party, ())
        if item not in items:
            return False
        self.waiting[party].remove(item)
        self._forget_if_empty(party)
        return True

    def _forget_if_empty(self, party: Party) -> None:
        if not self.waiting[party]:
            del self.waiting[party]
