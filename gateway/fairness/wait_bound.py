"""How many turns of others a party waits for at most; it holds for `FairQueue` and for the order of the job queue."""

import math
from collections import Counter
from collections.abc import Mapping

from gateway.fairness.party import Party

Weights = Mapping[str, int]  # turns of an institution in each round; 1 where it is not named


def turns_before(party: Party, waiting: Mapping[Party, int], weights: Weights) -> int:
    """At most so many of `waiting` have their turn before the next one that `party` adds.

    Own ones are before it. Between two turns of a principal each other principal of its institution has at most one;
    while an institution has as many turns as its weight, each other one has at most as many as its own weight.
    """
    own = waiting.get(party, 0)
    institution = own
    others: Counter[str] = Counter()
    for other, count in waiting.items():
        if other.institution != party.institution:
            others[other.institution] += count
        elif other != party:
            institution += min(count, own + 1)
    rounds = math.ceil((institution + 1) / weights.get(party.institution, 1))
    return institution + sum(min(count, rounds * weights.get(name, 1)) for name, count in others.items())
