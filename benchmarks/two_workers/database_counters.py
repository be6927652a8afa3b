"""What PostgreSQL records of a run: the times of each analysis, transactions, and the time of a commit."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psycopg

COMMITS: Final = 200
FLUSH_S: Final = 11.0  # PostgreSQL's idle sessions report their counts after ten seconds (PGSTAT_IDLE_INTERVAL)
ANALYSIS_TIMES_SQL: Final = """
SELECT extract(epoch FROM queued_at)::float, extract(epoch FROM a.started_at)::float,
       extract(epoch FROM a.finished_at)::float, timings
FROM analyses AS a JOIN attempts ON analysis_id = a.id AND number = attempt
WHERE scan_id = ANY(%s::uuid[]) AND state = 'done' ORDER BY queued_at
"""
COUNTS: Final = """
SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
       (SELECT count(*) FROM audit_events) + (SELECT count(*) FROM audit_pending), pg_database_size(current_database())
"""
SEAL: Final = "SELECT seal_audit(1000)"
# The newest event once more: the words of a real one.
AUDIT: Final = """
SELECT append_audit((to_jsonb(newest) - 'seq' - 'hash' - 'previous_hash')::text)
FROM (SELECT * FROM audit_events ORDER BY seq DESC LIMIT 1) AS newest
"""


@dataclass(frozen=True)
class AnalysisTimes:
    """When an analysis was requested, started and ended (seconds since 1970), and the seconds of its stages."""

    asked_s: float
    started_s: float
    finished_s: float
    stages_s: dict[str, float]


@dataclass(frozen=True)
class Counts:
    """Counters of the database so far."""

    at_s: float
    transactions: int
    audit_events: int
    size_bytes: int


def analysis_times(database_url: str, scans: Sequence[str]) -> list[AnalysisTimes]:
    """The times of each scan's analysis, in the order of requests. Raises RuntimeError when one has no report."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(ANALYSIS_TIMES_SQL, [list(scans)]).fetchall()
    if len(rows) != len(scans):
        raise RuntimeError(f"{len(scans) - len(rows)} of {len(scans)} analyses have no report; nothing is measured")
    return [AnalysisTimes(asked, started, ended, next(iter(of.values()))) for asked, started, ended, of in rows]


def unfinished(database_url: str) -> int:
    """Analyses that wait or run."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT count(*) FROM analyses WHERE state IN ('queued', 'running')").fetchall()
    return int(found[0][0])


def counts(database_url: str) -> Counts:
    """The counters, after every session has reported its own."""
    time.sleep(FLUSH_S)
    with psycopg.connect(database_url) as connection:
        return Counts(time.monotonic(), *connection.execute(COUNTS).fetchall()[0])


def kept_bytes(data: Path) -> int:
    """Bytes of derived files in the data folder, without the uploads."""
    return sum(path.stat().st_size for path in (data / "blobs" / "derived").rglob("*") if path.is_file())


def commit_times_s(database_url: str) -> tuple[float, float]:
    """Median seconds of a small insert, and of an audit event, each in a transaction of its own."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE commits (words text)")
        connection.execute(SEAL)
        insert = _median_s(lambda: connection.execute("INSERT INTO commits VALUES (repeat('a', 400))"))
        audit = _median_s(lambda: connection.execute(AUDIT))
        connection.execute("DROP TABLE commits")
    return insert, audit


def _median_s(work: Callable[[], object]) -> float:
    times = []
    for _ in range(COMMITS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)
