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

from gateway.store.blobs import Blobs
from gateway.store.database import Database
from screening.phantom import write_phantom
from tests.integration.faults.house import House, running_house
from tests.integration.gateway.jobs.records import new_scan
from tests.integration.gateway.running import until
from tests.postgres import RunningPostgres

SEED = 20261123
SCANS = 50
KILLS = ("worker",) * 5 + ("gateway",) * 3 + ("triton",) * 3 + ("postgres",) * 3
LONGEST_PAUSE_S = 2.0
PATIENCE_S = 150.0
# What may go wrong by name; everything else that is no report equal to the undisturbed one is a fault of ours.
NAMED = {"analysis_crashed", "engine_unavailable", "engine_deadline", "engine_fault", "engine_overloaded"}
ENDED = "SELECT count(*) AS ended FROM analyses WHERE state IN ('done', 'failed', 'cancelled')"


def test_nothing_is_lost_whatever_dies(tmp_path: Path, postgres: RunningPostgres) -> None:
    files = _files(tmp_path)
    with running_house(tmp_path, postgres) as house:
        expected = _undisturbed(house, files)
        scans = _stored(house, [files[number % len(files)] for number in range(SCANS)])
        start = time.monotonic()
        _disturbed(house, scans)
        until(lambda: house.rows(ENDED)[0]["ended"] == SCANS + len(files), PATIENCE_S)
        seconds = time.monotonic() - start
        for number, scan in enumerate(scans):
            _assert_one_true_end(house, scan, expected[number % len(files)])
        _assert_nothing_is_left(house)
        _tell(house, scans, seconds)


def _files(folder: Path) -> list[Path]:
    """Phantoms small enough to be quick, and a file that is no study."""
    phantoms = [
        write_phantom(folder / f"phantom-{seed}.zip", slices=16, size=128, seed=seed, nodule=seed % 2 == 0)
        for seed in range(4)
    ]
    text = folder / "notes.txt"
    text.write_text("no DICOM here")
    return [*phantoms, text]


def _stored(house: House, files: list[Path]) -> list[str]:
    """A scan of each file."""

    async def store() -> list[str]:
        blobs, database = Blobs(house.blobs), Database(house.database_url)
        try:
            return [await stored(blobs, database, file.read_bytes()) for file in files]
        finally:
            await database.close()

    async def stored(blobs: Blobs, database: Database, content: bytes) -> str:
        async def pieces() -> Any:
            yield content

        await blobs.store(pieces())
        async with database.transaction() as session:
            return str(await new_scan(session, content, "local"))

    return asyncio.run(store())


def _undisturbed(house: House, files: list[Path]) -> list[dict[str, Any]]:
    """What the report of each file says when nothing dies."""
    scans = _stored(house, files)
    for scan in scans:
        house.analyse(scan)
    until(lambda: house.rows(ENDED)[0]["ended"] == len(files), PATIENCE_S)
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
    tries = Counter(
        {row["error"] or "report": row["n"] for row in house.rows("SELECT error, count(*) n FROM attempts GROUP BY 1")}
    )
    print(f"\n{SCANS} analyses, {len(KILLS)} kills {dict(Counter(KILLS))} in {seconds:.0f} s")  # noqa: T201 - figures
    print(f"ended: {dict(ends)}; attempts ended in: {dict(tries)}")  # noqa: T201 - figures
