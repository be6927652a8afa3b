"""Users of the page: wards that upload and wait, and readers who browse."""

from benchmarks.bench.calls import Calls, quantile_s
from benchmarks.bench.context import Bench
from benchmarks.bench.results import Aim, Results, Row, ScenarioResult


def ward(bench: Bench, _known: Results) -> ScenarioResult:
    """Upload, analyse, poll, report, slices."""
    return _measured(bench, "ward", "Ward", bench.plan.ward_callers, bench.plan.ward_s)


def browsing(bench: Bench, _known: Results) -> ScenarioResult:
    """Lists, a scan, its thumbnail."""
    return _measured(bench, "browsing", "Browsing", bench.plan.browsing_callers, bench.plan.browsing_s)


def _measured(bench: Bench, name: str, kind: str, count: int, seconds: float) -> ScenarioResult:
    calls, client = bench.callers(name, kind, count, seconds).run()
    rows = tuple(_row(path, calls.named(path)) for path in sorted({call.name for call in calls.calls}))
    aims = (
        Aim(name="calls that were answered", value=len(calls.accepted), sense="at least", limit=1),
        Aim(name="calls that failed", value=len(calls.calls) - len(calls.accepted), sense="at most", limit=0),
    )
    return ScenarioResult(
        callers=count, seconds=seconds, rows=rows, outcomes=calls.outcomes(), aims=aims, client=client
    )


def _row(name: str, calls: Calls) -> Row:
    done = calls.accepted
    return Row(
        name=name,
        calls=len(calls.calls),
        failed=len(calls.calls) - len(done),
        p50_s=quantile_s(done, 0.50),
        p95_s=quantile_s(done, 0.95),
        p99_s=quantile_s(done, 0.99),
    )
