"""50 analyses while the worker, the gateway, Triton and PostgreSQL are killed with SIGKILL at random moments.

Each ends in exactly one report, equal to that of the same file undisturbed, or in a named failure; none is lost, none
is there twice, and none reads normal by error.
"""

import asyncio
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from gateway.storage.blobs import Blobs
from tests.integration.faults.fault_service import PATIENCE_S, House
from tests.integration.polling import until

SEED = 20261123
SCANS = 50
KILLS = ("worker",) * 5 + ("gateway",) * 3 + ("triton",) * 3 + ("postgres",) * 3
LONGEST_PAUSE_S = 2.0
# What may go wrong by name; everything else that is no report equal to the undisturbed one is a fault of ours.
NAMED = {"analysis_crashed", "engine_unavailable", "engine_deadline", "engine_fault", "engine_overloaded"}


def test_nothing_is_lost_whatever_dies(house: House, files: list[Path]) -> None:
    expected = _undisturbed(house, files)
    scans = house.stored([files[number % len(files)] for number in range(SCANS)])
    start = time.monotonic()
    _disturbed(house, scans)
    _wait_for_all(house, scans)
    seconds = time.monotonic() - start
    for number, scan in enumerate(scans):
        _assert_one_true_end(house, scan, expected[number % len(files)])
    _assert_nothing_is_left(house)
    _tell(house, scans, seconds)


def _undisturbed(house: House, files: list[Path]) -> list[dict[str, Any]]:
    """What the report of each file says when nothing dies."""
    until(house.is_ready, PATIENCE_S)
    scans = house.stored(files)
    for scan in scans:
        house.analyse(scan)
    _wait_for_all(house, scans)
    return [_said(house, scan)[0] for scan in scans]


def _disturbed(house: House, scans: list[str]) -> None:
    """Ask for the analyses some at a time, and kill something after each some."""
    chance = random.Random(SEED)
    victims = list(KILLS)
    chance.shuffle(victims)
    waiting = list(scans)
    for victim in victims:
        for _ in range(-(-SCANS // len(victims))):
            if waiting:
                house.analyse(waiting.pop())
        time.sleep(chance.uniform(0.0, LONGEST_PAUSE_S))
        house.killers[victim]()
    assert not waiting


def _wait_for_all(house: House, scans: list[str]) -> None:
    unfinished = "SELECT count(*) AS n FROM analyses WHERE state IN ('queued', 'running')"
    until(lambda: not house.rows(unfinished)[0]["n"], PATIENCE_S)
    assert len(house.rows("SELECT DISTINCT scan_id FROM analyses WHERE scan_id = ANY(%s::uuid[])", scans)) == len(scans)


def _said(house: House, scan: str) -> list[dict[str, Any]]:
    """Of each analysis of the scan, its state and what its reports say."""
    return house.rows(
        "SELECT analyses.id::text, state, analyses.error, verdict, probability, finding, evidence_key,"
        " body -> 'rows' AS rows FROM analyses LEFT JOIN reports ON reports.analysis_id = analyses.id"
        " WHERE analyses.scan_id = %s",
        scan,
    )


def _assert_one_true_end(house: House, scan: str, expected: dict[str, Any]) -> None:
    (said,) = _said(house, scan)
    assert said["rows"], "an analysis that ended has a report"
    if said["error"] in NAMED:
        assert (said["state"], said["verdict"], said["probability"]) == ("failed", "not_analysed", None)
        return
    for part in ("state", "error", "verdict", "probability", "finding"):
        assert said[part] == expected[part], part
    assert _steady(said["rows"]) == _steady(expected["rows"])
    if said["evidence_key"]:
        assert asyncio.run(Blobs(house.blobs).get_derived(said["evidence_key"]))
    assert bool(said["evidence_key"]) == (said["state"] == "done")


def _steady(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "time_of_processing": None} for row in rows]


def _assert_nothing_is_left(house: House) -> None:
    """No job, no attempt that never ended, no state but a final one."""
    until(lambda: not house.rows("SELECT id FROM procrastinate_jobs"))
    assert not house.rows("SELECT number FROM attempts WHERE finished_at IS NULL")


def _tell(house: House, scans: list[str], seconds: float) -> None:
    """The figures of docs/operations.md."""
    ends = Counter(f"{said['state']} {said['error'] or ''}".strip() for scan in scans for said in _said(house, scan))
    attempts = "SELECT coalesce(attempts.error, 'report') AS ending FROM attempts JOIN analyses ON id = analysis_id"
    tries = Counter(row["ending"] for row in house.rows(f"{attempts} WHERE scan_id = ANY(%s::uuid[])", scans))
    print(f"\n{SCANS} analyses, {len(KILLS)} kills {dict(Counter(KILLS))} in {seconds:.0f} s")  # noqa: T201 - figures
    print(f"ended: {dict(ends)}; attempts ended in: {dict(tries)}")  # noqa: T201 - figures
