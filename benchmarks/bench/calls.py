"""The calls of a Locust run (benchmarks/load/call_log.py), and figures computed from them."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

COLUMNS = ("start_s", "seconds", "name", "status", "error", "study", "report")
OK, BUSY = 200, 429
OVERLOADED = "engine_overloaded"  # refused by admission; `too_many_requests` is a refusal by the rate limit


@dataclass(frozen=True)
class Call:
    """One call: its start (s since 1970), duration and outcome."""

    start_s: float
    seconds: float
    name: str
    status: int
    error: str
    study: str
    report: str

    @property
    def end_s(self) -> float:
        return self.start_s + self.seconds

    @property
    def accepted(self) -> bool:
        return not self.error and self.status in (0, OK, 201, 202)

    @property
    def refused(self) -> bool:
        return self.status == BUSY and self.error == OVERLOADED

    @property
    def outcome(self) -> str:
        """`200`, `429`, or the name of the error."""
        return str(self.status) if self.accepted or self.refused else f"{self.status or ''} {self.error}".strip()


@dataclass(frozen=True)
class Calls:
    """The calls of a run or of a part of it, and their time span."""

    calls: tuple[Call, ...]
    begin_s: float
    end_s: float

    @classmethod
    def read(cls, path: Path, begin_s: float, end_s: float) -> Self:
        """All calls of a call log."""
        with path.open(newline="") as file:
            rows = tuple(_call(row) for row in csv.DictReader(file))
        return cls(rows, begin_s, end_s)

    def within(self, begin_s: float, end_s: float) -> "Calls":
        """The calls that ended in this time."""
        return Calls(tuple(call for call in self.calls if begin_s <= call.end_s < end_s), begin_s, end_s)

    def named(self, name: str) -> "Calls":
        return Calls(tuple(call for call in self.calls if call.name == name), self.begin_s, self.end_s)

    @property
    def seconds(self) -> float:
        return self.end_s - self.begin_s

    @property
    def accepted(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.accepted)

    @property
    def refused(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.refused)

    @property
    def failed(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if not (call.accepted or call.refused))

    @property
    def per_minute(self) -> float:
        """Studies that were accepted, a minute."""
        return 60.0 * len(self.accepted) / self.seconds

    def outcomes(self) -> dict[str, int]:
        """The number of calls by outcome."""
        return dict(Counter(call.outcome for call in self.calls))

    def reports(self) -> dict[str, int]:
        """The number of distinct reports of each study, without times; more than one is a fault."""
        reports_by_study: dict[str, set[str]] = {}
        for call in self.accepted:
            if call.report:
                reports_by_study.setdefault(call.study, set()).add(call.report)
        return {study: len(reports) for study, reports in sorted(reports_by_study.items())}


def quantile_s(calls: tuple[Call, ...], share: float) -> float | None:
    """The quantile of the durations in seconds; None without calls."""
    return float(np.quantile([call.seconds for call in calls], share)) if calls else None


def _call(row: dict[str, str]) -> Call:
    return Call(
        start_s=float(row["start_s"]),
        seconds=float(row["seconds"]),
        name=row["name"],
        status=int(row["status"]),
        error=row["error"],
        study=row["study"],
        report=row["report"],
    )
