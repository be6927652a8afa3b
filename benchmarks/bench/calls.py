"""The calls of a Locust run (benchmarks/load/call_log.py), and what is worked out from them."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

COLUMNS = ("start_s", "seconds", "name", "status", "error", "study", "report")
OK, BUSY = 200, 429
ROOM = "engine_overloaded"  # the refusal of the gate; `too_many_requests` is that of the rate of uploads


@dataclass(frozen=True)
class Call:
    """One call: when it began (s since 1970), how long it took, and what it ended in."""

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
        return self.status == BUSY and self.error == ROOM

    @property
    def outcome(self) -> str:
        """In one word: `200`, `429`, or what went wrong."""
        return str(self.status) if self.accepted or self.refused else f"{self.status or ''} {self.error}".strip()


@dataclass(frozen=True)
class Calls:
    """Calls of a run, or of a part of it, and the time that they are of."""

    calls: tuple[Call, ...]
    begin_s: float
    end_s: float

    @classmethod
    def read(cls, path: Path, begin_s: float, end_s: float) -> Self:
        """All calls of a journal."""
        with path.open(newline="") as file:
            rows = tuple(_call(row) for row in csv.DictReader(file))
        return cls(rows, begin_s, end_s)

    def within(self, begin_s: float, end_s: float) -> "Calls":
        """Those that ended in this time: what a server did in it."""
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
        """How often each outcome was seen."""
        return dict(Counter(call.outcome for call in self.calls))

    def reports(self) -> dict[str, int]:
        """Distinct reports of each study, times apart; more than one is a fault."""
        told: dict[str, set[str]] = {}
        for call in self.accepted:
            if call.report:
                told.setdefault(call.study, set()).add(call.report)
        return {study: len(reports) for study, reports in sorted(told.items())}


def quantile_s(calls: tuple[Call, ...], share: float) -> float | None:
    """Seconds that this share of the calls kept; None of no calls."""
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
