"""Transitions between states: six are allowed, every other one raises."""

from itertools import product

import pytest

from gateway.analyses.store.states import FINAL, InvalidTransition, allowed
from gateway.database.tables.analyses import UNFINISHED, AnalysisState

ALLOWED = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("running", "done"),
    ("running", "failed"),
    ("running", "cancelled"),
}
PAIRS = list(product(AnalysisState, repeat=2))


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair not in ALLOWED])
def test_every_other_transition_is_invalid(before: AnalysisState, after: AnalysisState) -> None:
    with pytest.raises(InvalidTransition):
        allowed(before, after)


@pytest.mark.parametrize(("before", "after"), sorted(ALLOWED))
def test_the_transitions_of_the_table_are_allowed(before: str, after: str) -> None:
    assert allowed(AnalysisState(before), AnalysisState(after)) == after


def test_final_states_are_those_that_are_not_unfinished() -> None:
    assert frozenset(AnalysisState) - set(UNFINISHED) == FINAL
