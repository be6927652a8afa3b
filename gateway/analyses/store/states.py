"""The states of an analysis and the allowed transitions, as a table.

queued -> running -> done | failed | cancelled
queued -> cancelled
running -> queued       retried later, released by a worker that stops, or its lease expired
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.database.tables.analyses import AnalysisState

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


class InvalidTransition(Exception):
    """The transition is not in the table: an error of the program."""


def allowed(before: AnalysisState, after: AnalysisState) -> AnalysisState:
    """`after`, when it may follow `before`; raises ForbiddenTransition."""
    if after not in TRANSITIONS[before]:
        raise InvalidTransition(f"{before} -> {after}")
    return after
