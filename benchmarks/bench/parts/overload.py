"""Three times the knee's rate, independent of the responses, and full throughput soon after.

Arrivals are open: they come at their rate whatever the answers are, and no Retry-After is obeyed. The knee's callers
begin in the moment in which the flood ends.
"""

import time
from dataclasses import dataclass
from math import ceil

from benchmarks.bench.assessment import advice_for, grown_share, growth_of
from benchmarks.bench.calls import Calls, quantile_s
from benchmarks.bench.context import Bench, moments
from benchmarks.bench.parts.throughput_over_time import pace_of
from benchmarks.bench.results import Advice, Aim, Client, Growth, Level, Moment, OverloadResult, Results

TIMES = 3.0
SLOWER = 2.0  # p95 of the accepted beside the knee's
OFFERED = 0.95  # of the arrivals that were meant to come, or it was no such overload
BACK_S, BACK = 10.0, 0.90  # full speed: within what one run differs from the next
LARGER = 5.0  # percent
SETTLING = 0.2
PLOT_S = 2.0
AHEAD_S = 6.0  # Locust needs a second or two to start; its callers then wait for their moment
LEAST_PACE_S = 10.0


@dataclass(frozen=True)
class OverloadRun:
    """The calls of the overload, those of the knee's clients after it, and the memory."""

    flood: Calls
    after: Calls
    client: Client
    memory: tuple[Moment, ...]
    back_s: float
    """The time limit to return to full throughput."""

    @property
    def last_arrival_s(self) -> float:
        return max(call.start_s for call in self.flood.calls)

    @property
    def everything(self) -> Calls:
        """Both, to the end of the last answer."""
        calls = (*self.flood.calls, *self.after.calls)
        return Calls(calls, self.flood.begin_s, max(self.after.end_s, *(call.end_s for call in calls)))

    @property
    def recovered(self) -> Calls:
        """The calls from the time limit after the last arrival to the end; the backlog is part of them."""
        return self.everything.within(self.last_arrival_s + self.back_s, self.after.end_s)


def measure(bench: Bench, known: Results) -> OverloadResult:
    """Overload the service, stop, and assess the result."""
    if known.stages is None or known.stages.knee.p95_s is None:
        raise RuntimeError("the knee is not known, for the part `stages` did not end well")
    knee, knee_p95_s = known.stages.knee, known.stages.knee.p95_s
    seen = _run_overload(bench, knee)
    growth = growth_of([moment for moment in seen.memory if moment.at_s >= SETTLING * bench.plan.overload_s])
    return _outcome(bench, knee, knee_p95_s, seen, growth)


def _run_overload(bench: Bench, knee: Level) -> OverloadRun:
    plan, served = bench.plan, bench.served
    rate = TIMES * knee.studies_per_minute / 60
    # A response takes at most the time of all admitted studies. With twice that, no client misses its next start.
    pace_s = max(LEAST_PACE_S, 2 * bench.admission_limits.studies / (knee.studies_per_minute / 60))
    flood = bench.callers("overload", "Flood", ceil(rate * pace_s), plan.overload_s, rate=str(rate))
    with flood.started() as flooding:
        end_s = flood.began_s() + plan.overload_s
        time.sleep(max(0.0, end_s - AHEAD_S - time.time()))
        after = bench.callers("recovery", "MassRun", knee.callers, AHEAD_S + plan.recovery_s, begin_s=str(end_s))
        with after.started() as recovering:
            calls, client = flood.ended(flooding)
            back, _ = after.ended(recovering)
    memory = moments(served, calls.begin_s, calls.begin_s + plan.overload_s)
    after_it = Calls(back.calls, end_s, end_s + plan.recovery_s)
    return OverloadRun(calls, after_it, client, memory, min(BACK_S, plan.recovery_s / 2))


def _outcome(
    bench: Bench, knee: Level, knee_p95_s: float, seen: OverloadRun, growth: tuple[Growth, ...]
) -> OverloadResult:
    flood, seconds = seen.flood, bench.plan.overload_s
    p95_s = quantile_s(flood.accepted, 0.95)
    longest_s = bench.admission_limits.busy_after_s + SLOWER * knee_p95_s  # the promised wait, and a study under load
    return OverloadResult(
        knee_per_minute=knee.studies_per_minute,
        knee_p95_s=knee_p95_s,
        aimed_per_minute=TIMES * knee.studies_per_minute,
        offered_per_minute=60 * len(flood.calls) / (seen.last_arrival_s - flood.begin_s),
        seconds=seconds,
        outcomes=flood.outcomes(),
        accepted_per_minute=flood.within(flood.begin_s, flood.begin_s + seconds).per_minute,
        p50_s=quantile_s(flood.accepted, 0.50),
        p95_s=p95_s,
        refusal_p95_s=quantile_s(flood.refused, 0.95),
        recovered_per_minute=seen.recovered.per_minute,
        recovered_p95_s=quantile_s(seen.recovered.accepted, 0.95),
        back_s=seen.back_s,
        timeline=pace_of(seen.everything, PLOT_S),
        memory=seen.memory,
        growth=growth,
        aims=_aims(knee, longest_s, seen, growth),
        advice=_advice(bench.admission_limits.busy_after_s, p95_s, longest_s),
        client=seen.client,
    )


def _aims(knee: Level, longest_s: float, seen: OverloadRun, growth: tuple[Growth, ...]) -> tuple[Aim, ...]:
    flood, p95_s, grown = seen.flood, quantile_s(seen.flood.accepted, 0.95), grown_share(growth)
    offered = len(flood.calls) / (seen.last_arrival_s - flood.begin_s) / (TIMES * knee.studies_per_minute / 60)
    back = seen.recovered.per_minute / knee.studies_per_minute
    return (
        Aim(name="studies that came, of those that were to come", value=offered, sense="at least", limit=OFFERED),
        Aim(name="studies refused with 429", value=len(flood.refused), sense="at least", limit=1),
        Aim(name="answers other than 200 and 429", value=len(flood.failed), sense="at most", limit=0),
        Aim(name="p95 of the accepted", value=p95_s, sense="at most", limit=longest_s, unit="s"),
        Aim(
            name="growth of memory, all roles",
            value=None if grown is None else 100 * grown,
            sense="at most",
            limit=LARGER,
            unit="%",
        ),
        Aim(
            name=f"speed from {seen.back_s:.0f} s after on, beside the knee's", value=back, sense="at least", limit=BACK
        ),
        Aim(name="failures after it", value=len(seen.after.failed), sense="at most", limit=0),
    )


def _advice(busy_after_s: float, p95_s: float | None, wanted_s: float) -> Advice | None:
    if p95_s is None or p95_s <= wanted_s:
        return None
    return advice_for(p95_s, wanted_s, busy_after_s)
