"""The record of last turns: it is bounded, and whoever is forgotten was idle."""

import pytest

from gateway.fairness import last_turns
from gateway.fairness.last_turns import NEVER, LastTurns
from gateway.fairness.party import Party


def test_institutions_without_number_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_turns, "REMEMBERED", 4)
    turns = LastTurns()
    first, second, third = (Party(name, "1") for name in "abc")
    for party in (first, second, first, third):
        turns.record(party)
    assert turns.order(second) == (NEVER, NEVER), "the one whose turn is longest ago is forgotten"
    assert turns.order(first) == (2, 2)
