"""Who had the last turns: the next one belongs to the institution served longest ago, and in it to such a principal."""

from collections import OrderedDict, deque
from itertools import count
from typing import Final

from gateway.fairness.party import Party
from gateway.fairness.wait_bound import Weights

REMEMBERED: Final = 20_000  # institutions and principals whose last turns are known; a forgotten one was idle
NEVER: Final = -1


class LastTurns:
    """The last turns of institutions and principals.

    An institution of weight w is compared by the w-th last of its turns, so it has w turns in each round.
    """

    def __init__(self, weights: Weights | None = None) -> None:
        self._weights = weights or {}
        self._numbers = count()
        self._turns_of: OrderedDict[str | Party, deque[int]] = OrderedDict()

    def order(self, party: Party) -> tuple[int, int]:
        """A sort key: of several parties, the one with the smallest has the next turn."""
        return self._compared_turn(party.institution, self._weight_of(party)), self._compared_turn(party, 1)

    def record(self, party: Party) -> None:
        """The party has a turn now."""
        number = next(self._numbers)
        self._record(party.institution, self._weight_of(party), number)
        self._record(party, 1, number)

    def _weight_of(self, party: Party) -> int:
        return self._weights.get(party.institution, 1)

    def _compared_turn(self, who: str | Party, weight: int) -> int:
        """The number of the `weight`-th last turn; NEVER when there were fewer."""
        turns = self._turns_of.get(who)
        return NEVER if turns is None or len(turns) < weight else turns[0]

    def _record(self, who: str | Party, weight: int, number: int) -> None:
        self._turns_of.setdefault(who, deque(maxlen=weight)).append(number)
        self._turns_of.move_to_end(who)
        if len(self._turns_of) > REMEMBERED:
            self._turns_of.popitem(last=False)
