"""Any mix of arrivals and turns, and the bound on the turns of others that each arrival waits for."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from gateway.fairness.fair_queue import URGENT_PER_ROUTINE
from gateway.fairness.party import Party

WEIGHTS = {"gamma": 3}
PARTIES = tuple(
    Party(*names.split()) for names in ("alpha one", "alpha two", "alpha three", "beta one", "gamma one", "gamma two")
)


@dataclass(frozen=True)
class Arrival:
    """One item: its party, its class, and its number, which is unique."""

    party: Party
    urgent: bool
    number: int


@dataclass(frozen=True)
class Waited:
    """An item with the turns that were taken while it waited, and how many of its own principal were before it."""

    arrival: Arrival
    own_before: int
    turns: Sequence[Arrival]


# A number of turns to take, or an arrival of (party, urgent); floods of one party come by repetition.
STEPS = st.lists(
    st.one_of(
        st.integers(1, 4),
        st.tuples(st.sampled_from(PARTIES), st.booleans(), st.integers(1, 12)),
    ),
    max_size=25,
)


def check_bound(waited: Waited, weights: Mapping[str, int] = WEIGHTS) -> None:
    """Nobody waits for more turns of others than the rule allows."""
    own = waited.arrival
    before = Counter(one.party for one in waited.turns if one.urgent == own.urgent)
    institution = sum(count for party, count in before.items() if party.institution == own.party.institution)
    for party, count in before.items():
        if party.institution == own.party.institution and party != own.party:
            assert count <= waited.own_before + 1
    rounds = math.ceil((institution + 1) / weights.get(own.party.institution, 1))
    others: Counter[str] = Counter()
    for party, count in before.items():
        others[party.institution] += count
    for name, count in others.items():
        if name != own.party.institution:
            assert count <= rounds * weights.get(name, 1)
    same, other = before.total(), len(waited.turns) - before.total()
    assert other <= (math.ceil((same + 1) / URGENT_PER_ROUTINE) if own.urgent else (same + 1) * URGENT_PER_ROUTINE)
