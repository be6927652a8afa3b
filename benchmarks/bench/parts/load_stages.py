"""Doubles the number of clients at every stage, and finds the knee of the throughput."""

from benchmarks.bench.assessment import doubled, knee_of, spans
from benchmarks.bench.calls import Calls, quantile_s
from benchmarks.bench.context import Bench
from benchmarks.bench.results import Level, Results, StagesResult

SETTLING = 0.2  # share of a stage that its callers have to fall into step


def measure(bench: Bench, _known: Results) -> StagesResult:
    """Mass runs at 1, 2, 4 ... callers, each without its warm-up time."""
    counts, each_s = doubled(bench.plan.most_callers), bench.plan.stage_s
    callers = bench.callers(
        "stages", "MassRun", 1, each_s * len(counts), stages=",".join(map(str, counts)), stage_s=str(each_s)
    )
    calls, client = callers.run()
    levels = [
        level_of(count, calls.within(begin_s + SETTLING * each_s, end_s))
        for count, (begin_s, end_s) in zip(counts, spans(calls.begin_s, each_s, len(counts)), strict=True)
    ]
    knee, levels_off = knee_of(levels)
    return StagesResult(
        levels=tuple(levels), knee=knee, levels_off=levels_off, distinct_reports=calls.reports(), client=client
    )


def level_of(callers: int, calls: Calls) -> Level:
    """The result of one number of clients."""
    return Level(
        callers=callers,
        studies_per_minute=calls.per_minute,
        p50_s=quantile_s(calls.accepted, 0.50),
        p95_s=quantile_s(calls.accepted, 0.95),
        p99_s=quantile_s(calls.accepted, 0.99),
        screened=len(calls.accepted),
        refused=len(calls.refused),
        failed=len(calls.failed),
    )
