"""Runs the parts one after the other; a failed part is recorded and does not affect the others."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Final

from rich.console import Console

from benchmarks.bench.context import Bench
from benchmarks.bench.parts import ensemble, limit, load_stages, overload, soak, wards_and_readers
from benchmarks.bench.record import Record
from benchmarks.bench.results import Ended, Frozen, Results

Part = Callable[[Bench, Results], Frozen]
MEASURES: Final[Mapping[str, Part]] = {
    "limit": limit.measure,
    "stages": load_stages.measure,
    "ward": wards_and_readers.ward,
    "browsing": wards_and_readers.browsing,
    "grpc": ensemble.measure,
    "overload": overload.measure,
    "soak": soak.measure,
    "limit_again": limit.measure,
}
SLACK_S: Final = 300.0  # a start of the service, the last calls, and a slow machine


class PartTimeout(Exception):
    """A part exceeded its time limit."""


def run(bench: Bench, record: Record, console: Console, after_each: Callable[[Record], None]) -> Record:
    """Run every part that is not done; `after_each` is called after each, also when it failed."""
    for number, name in enumerate(bench.plan.parts, start=1):
        words = f"[{number}/{len(bench.plan.parts)}] {name}"
        ended = record.results.parts.get(name)
        if ended is not None and ended.state == "done":
            console.print(f"{words}: done before, in {ended.seconds:.0f} s", style="dim", markup=False)
            continue
        bench.serving.restart_if_not_ready()
        with console.status(f"{words}, about {bench.plan.of(name):.0f} s".replace("[", "\\[")):
            record = record.with_results(_ran(bench, record.results, name))
        ended = record.results.parts[name]
        console.print(f"{words}: {ended.state} in {ended.seconds:.0f} s {ended.reason}".rstrip(), markup=False)
        after_each(record)
    return record


def _ran(bench: Bench, results: Results, name: str) -> Results:
    """The results with this part added: its figures, or its error."""
    began, start = datetime.now(UTC), time.monotonic()
    measured: dict[str, Frozen] = {}
    try:
        with bounded(bench.plan.of(name) + SLACK_S):
            measured[name] = MEASURES[name](bench, results)
        state, reason = "done", ""
    except Exception as error:  # noqa: BLE001 - any error belongs to this part and is recorded
        state, reason = "failed", f"{type(error).__name__}: {error}"
    ended = Ended.model_validate(
        {"state": state, "began": began, "seconds": time.monotonic() - start, "reason": reason}
    )
    return results.model_copy(update={**measured, "parts": {**results.parts, name: ended}})


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise PartTimeout in the block when it takes longer; only in the main thread, since it uses a signal."""

    def raise_timeout(_number: int, _frame: FrameType | None) -> None:
        raise PartTimeout(f"not done within {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, raise_timeout)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
