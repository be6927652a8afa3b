"""The knee's load for a long time: failures, throughput, memory, and equal reports."""

from benchmarks.bench.assessment import grown_share, growth_of
from benchmarks.bench.calls import Calls, quantile_s
from benchmarks.bench.context import Bench, moments
from benchmarks.bench.parts.throughput_over_time import pace_of
from benchmarks.bench.results import Aim, Results, SoakResult

WINDOW_S = 300.0  # the first and the last five minutes are compared
SETTLING = 0.1  # share of the time in which caches fill and heaps reach their size: not of the memory's growth
SLOWER, LARGER = 0.95, 0.05
PLOT_S = 5.0


def measure(bench: Bench, known: Results) -> SoakResult:
    """Run, and assess the result."""
    if known.stages is None:
        raise RuntimeError("the knee is not known, for the part `stages` did not end well")
    seconds, served = bench.plan.soak_s, bench.served
    calls, client = bench.callers("soak", "MassRun", known.stages.knee.callers, seconds).run()
    run = calls.within(calls.begin_s, calls.begin_s + seconds)
    window_s = min(WINDOW_S, seconds / 3)
    first = calls.within(run.begin_s, run.begin_s + window_s).per_minute
    last = calls.within(run.end_s - window_s, run.end_s).per_minute
    memory = moments(served, run.begin_s, run.end_s)
    growth = growth_of([moment for moment in memory if moment.at_s >= SETTLING * seconds])
    return SoakResult(
        callers=known.stages.knee.callers,
        seconds=seconds,
        outcomes=calls.outcomes(),
        studies_per_minute=run.per_minute,
        window_s=window_s,
        first_per_minute=first,
        last_per_minute=last,
        p50_s=quantile_s(run.accepted, 0.50),
        p95_s=quantile_s(run.accepted, 0.95),
        p99_s=quantile_s(run.accepted, 0.99),
        distinct_reports=calls.reports(),
        pace=pace_of(run, max(PLOT_S, seconds / 60)),
        memory=memory,
        growth=growth,
        aims=_aims(calls, last / first if first else None, grown_share(growth)),
        client=client,
    )


def _aims(calls: Calls, pace: float | None, grown: float | None) -> tuple[Aim, ...]:
    wrong = len(calls.calls) - len(calls.accepted)
    most = max(calls.reports().values(), default=None)
    return (
        Aim(name="answers other than 200", value=wrong, sense="at most", limit=0),
        Aim(name="distinct reports of one study, times apart", value=most, sense="at most", limit=1),
        Aim(name="throughput at the end beside the start", value=pace, sense="at least", limit=SLOWER),
        Aim(name="growth of memory, all roles", value=_percent(grown), sense="at most", limit=100 * LARGER, unit="%"),
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
