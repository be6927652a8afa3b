"""Which state of an analysis may follow which: a table. What is not in it does not happen.

queued -> running -> done | failed | cancelled
queued -> cancelled
running -> queued       tried again later, handed back by a worker that stops, or taken over from one that died
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.database.tables.work import AnalysisState

QUEUED, RUNNING = AnalysisState.QUEUED, AnalysisState.RUNNING
DONE, FAILED, CANCELLED = AnalysisState.DONE, AnalysisState.FAILED, AnalysisState.CANCELLED

TRANSITIONS: Final[Mapping[AnalysisState, frozenset[AnalysisState]]] = MappingProxyType(
    {
        QUEUED: frozenset({RUNNING, CANCELLED}),
        RUNNING: frozenset({QUEUED, DONE, FAILED, CANCELLED}),
        DONE: frozenset(),
        FAILED: frozenset(),
        CANCELLED: frozenset(),
    }
)
FINAL: Final = frozenset(state for state, following in TRANSITIONS.items() if not following)


class ForbiddenTransition(Exception):
    """The program asked for a change of state that is not in the table."""


def allowed(before: AnalysisState, after: AnalysisState) -> AnalysisState:
    """`after`, when it may follow `before`; raises ForbiddenTransition."""
    if after not in TRANSITIONS[before]:
        raise ForbiddenTransition(f"{before} -> {after}")
    return after
