"""Every call of a Locust run as a row of `TURNSTILE_BENCH_CALLS`, and the CPU time of Locust itself beside it.

Locust's own CSV knows percentiles of the last ten seconds and of the whole run; a stage, a first and a last five
minutes, or the second in which refusals began, are worked out from the calls.
"""

import csv
import json
import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

from locust import events

from benchmarks.bench.calls import COLUMNS
from benchmarks.http_load import without_times


class Journal:
    """Records the events of one run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO = path.open("w", newline="", buffering=1)
        self._rows = csv.writer(self._file)
        self._rows.writerow(COLUMNS)
        self._times: dict[str, float] = {}

    def begin(self, **_: Any) -> None:
        """Locust's test_start."""
        self._times = {"begin_s": time.time()}
        self._tell()

    def write(
        self, *, name: str, response_time: float, start_time: float, response: Any, exception: Any, **others: Any
    ) -> None:
        """Locust's request event: one call with any result."""
        status = 0 if response is None else response.status_code
        study = (others.get("context") or {}).get("study", "")
        error, report = _outcome(response, exception)
        self._rows.writerow([f"{start_time:.4f}", f"{response_time / 1000:.4f}", name, status, error, study, report])

    def end(self, **_: Any) -> None:
        """Locust's quitting event; the CPU time is that of this process from its start."""
        self._file.close()
        self._times |= {"end_s": time.time(), "cpu_s": time.process_time()}
        self._tell()

    def _tell(self) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(self._times))
        draft.replace(self._path.with_suffix(".json"))


def _outcome(response: Any, exception: Any) -> tuple[str, str]:
    """The code of an error, and the digest of a report without its times."""
    if response is None or not response.status_code:
        return ("" if exception is None else type(exception).__name__), ""
    try:
        body = response.json() if "json" in response.headers.get("content-type", "") else {}
    except ValueError:
        return "malformed_json", ""
    if response.status_code >= 400 or exception is not None:
        return str(body.get("error") or type(exception).__name__), ""
    whole = isinstance(body, dict) and {"row", "timings_s"} <= body.keys()
    return "", sha256(without_times(body).encode()).hexdigest()[:16] if whole else ""


if named := os.environ.get("TURNSTILE_BENCH_CALLS"):
    _journal = Journal(Path(named))
    for event, heard in (
        (events.test_start, _journal.begin),
        (events.request, _journal.write),
        (events.quitting, _journal.end),
    ):
        event.add_listener(heard)  # type: ignore[no-untyped-call] # Locust left it untyped
