"""Analyses while the worker, the gateway, Triton and PostgreSQL are killed with SIGKILL at random moments.

Each ends in exactly one report, equal to that of the same file without kills, or in a named error; none is lost, none
has two reports, and none is normal by error. With `--heavy` 50 analyses and 14 kills, otherwise 15 and 5.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.screening.costly_failures import AGAIN
from gateway.storage.blobs import Blobs
from tests.integration.faults.fault_service import ServiceUnderFaults
from tests.integration.faults.service_programs import PATIENCE_S
from tests.integration.polling import until

SEED = 20261123
LONGEST_PAUSE_S = 2.0
# Errors that an analysis may end in; any other difference from the report without kills is a fault of the program.
ALLOWED_ERRORS = {"analysis_crashed", "engine_unavailable", "engine_deadline", "engine_fault", "engine_overloaded"}


@dataclass(frozen=True)
class Size:
    """Analyses, and the processes that are killed meanwhile."""

    scans: int
    kills: tuple[str, ...]


@pytest.fixture
def size(pytestconfig: pytest.Config) -> Size:
    if pytestconfig.getoption("heavy"):
        return Size(50, ("worker",) * 5 + ("gateway",) * 3 + ("triton",) * 3 + ("postgres",) * 3)
    return Size(15, ("worker",) * 2 + ("gateway", "triton", "postgres"))


def test_nothing_is_lost_when_processes_are_killed(service: ServiceUnderFaults, files: list[Path], size: Size) -> None:
    expected = _expected_outcomes(service, files)
    scans = service.stored([files[number % len(files)] for number in range(size.scans)])
    start = time.monotonic()
    _analyse_with_kills(service, scans, size.kills)
    _wait_for_all(service, scans)
    seconds = time.monotonic() - start
    for number, scan in enumerate(scans):
        _assert_one_outcome(service, scan, expected[number % len(files)])
    _assert_nothing_is_left(service)
    _print_figures(service, scans, size.kills, seconds)


def _expected_outcomes(service: ServiceUnderFaults, files: list[Path]) -> list[dict[str, Any]]:
    """The outcome of each file when nothing is killed."""
    until(service.is_ready, PATIENCE_S)
    scans = service.stored(files)
    for scan in scans:
        service.analyse(scan)
    _wait_for_all(service, scans)
    return [_outcomes(service, scan)[0] for scan in scans]


def _analyse_with_kills(service: ServiceUnderFaults, scans: list[str], kills: tuple[str, ...]) -> None:
    """Request the analyses in groups, and kill a process after each group."""
    chance = random.Random(SEED)
    victims = list(kills)
    chance.shuffle(victims)
    waiting = list(scans)
    for victim in victims:
        for _ in range(-(-len(scans) // len(victims))):
            if waiting:
                service.analyse(waiting.pop())
        time.sleep(chance.uniform(0.0, LONGEST_PAUSE_S))
        service.killers[victim]()
    assert not waiting


def _wait_for_all(service: ServiceUnderFaults, scans: list[str]) -> None:
    unfinished = "SELECT count(*) AS n FROM analyses WHERE state IN ('queued', 'running')"
    until(lambda: not service.rows(unfinished)[0]["n"], PATIENCE_S)
    assert len(service.rows("SELECT DISTINCT scan_id FROM analyses WHERE scan_id = ANY(%s::uuid[])", scans)) == len(
        scans
    )


def _outcomes(service: ServiceUnderFaults, scan: str) -> list[dict[str, Any]]:
    """The state and the report of each analysis of the scan."""
    return service.rows(
        "SELECT analyses.id::text, state, analyses.error, verdict, probability, finding, evidence_key,"
        " body -> 'rows' AS rows FROM analyses LEFT JOIN reports ON reports.analysis_id = analyses.id"
        " WHERE analyses.scan_id = %s",
        scan,
    )


def _assert_one_outcome(service: ServiceUnderFaults, scan: str, expected: dict[str, Any]) -> None:
    (outcome,) = _outcomes(service, scan)
    assert outcome["rows"], "an analysis that ended has a report"
    if outcome["error"] in ALLOWED_ERRORS:
        assert (outcome["state"], outcome["verdict"], outcome["probability"]) == ("failed", "not_analysed", None)
        return
    for part in ("state", "error", "verdict", "probability", "finding"):
        assert outcome[part] == expected[part], part
    assert _without_times(outcome["rows"]) == _without_times(expected["rows"])
    if outcome["evidence_key"]:
        assert asyncio.run(Blobs(service.blobs).get_derived(outcome["evidence_key"]))
    assert bool(outcome["evidence_key"]) == (outcome["state"] == "done")


def _without_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, without what depends on how long reading took: a failure that took long is told again from memory."""
    return [{**row, "time_of_processing": None, "detail": (row["detail"] or "").removesuffix(AGAIN)} for row in rows]


def _assert_nothing_is_left(service: ServiceUnderFaults) -> None:
    """No job is left, and every attempt has ended."""
    until(lambda: not service.rows("SELECT id FROM procrastinate_jobs"))
    assert not service.rows("SELECT number FROM attempts WHERE finished_at IS NULL")


def _print_figures(service: ServiceUnderFaults, scans: list[str], kills: tuple[str, ...], seconds: float) -> None:
    """Print the figures of docs/operations.md."""
    ends = Counter(
        f"{outcome['state']} {outcome['error'] or ''}".strip() for scan in scans for outcome in _outcomes(service, scan)
    )
    attempts = "SELECT coalesce(attempts.error, 'report') AS ending FROM attempts JOIN analyses ON id = analysis_id"
    tries = Counter(row["ending"] for row in service.rows(f"{attempts} WHERE scan_id = ANY(%s::uuid[])", scans))
    print(f"\n{len(scans)} analyses, {len(kills)} kills {dict(Counter(kills))} in {seconds:.0f} s")  # noqa: T201 - figures
    print(f"ended: {dict(ends)}; attempts ended in: {dict(tries)}")  # noqa: T201 - figures
