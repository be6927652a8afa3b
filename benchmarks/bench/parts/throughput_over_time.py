"""Responses a second over time, for the plots."""

from benchmarks.bench.assessment import spans
from benchmarks.bench.calls import Calls, quantile_s
from benchmarks.bench.results import Second

LEAST_S = 1.0


def pace_of(calls: Calls, each_s: float) -> tuple[Second, ...]:
    """Spans of `each_s`, at least a second, by the time of the responses; times start with the first span."""
    each_s = max(LEAST_S, each_s)
    count = int(calls.seconds // each_s)
    return tuple(
        _second(calls.within(begin_s, end_s), begin_s - calls.begin_s)
        for begin_s, end_s in spans(calls.begin_s, each_s, count)
    )


def _second(calls: Calls, at_s: float) -> Second:
    return Second(
        at_s=at_s,
        accepted=len(calls.accepted) / calls.seconds,
        refused=len(calls.refused) / calls.seconds,
        other=len(calls.failed) / calls.seconds,
        p95_s=quantile_s(calls.accepted, 0.95),
    )
