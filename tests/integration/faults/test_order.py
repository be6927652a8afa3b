"""What is stopped in order hands back at once, and who watches is told to the end."""

import json
import signal
from pathlib import Path

import httpx

from tests.integration.faults.fault_service import PATIENCE_S, House, Program
from tests.integration.polling import until


def test_a_worker_that_is_told_to_stop_hands_back_and_another_takes_it_at_once(house: House, files: list[Path]) -> None:
    (scan,) = house.stored(files[:1])
    with house.triton_hangs():
        house.analyse(scan)
        until(lambda: len(_attempts(house, scan)) == 1)
        holder = _holder(house, scan)
        assert holder.stop(signal.SIGTERM) == 0
        until(lambda: len(_attempts(house, scan)) == 2)  # at once, but for what the other worker needs to fetch it
        first, second = _attempts(house, scan)
        assert (first["error"], second["error"]) == ("handed_back", None)
        holder.start()
    until(lambda: house.state(scan) == "done")
    assert len(_attempts(house, scan)) == 2


def test_events_go_on_when_postgresql_was_away(house: House, files: list[Path]) -> None:
    (scan,) = house.stored(files[:1])
    until(house.is_ready, PATIENCE_S)
    with house.triton_hangs():
        house.analyse(scan)
        events = f"{house.url}/api/scans/{scan}/analysis/events"
        with httpx.Client(timeout=60, trust_env=False) as client, client.stream("GET", events) as stream:
            lines = (line for line in stream.iter_lines() if line.startswith("data: "))
            assert next(lines)
            house.killers["postgres"]()
            house.killers["triton"]()  # which hangs; a new one answers
            told = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert told[-1]["state"] == "done"


def _attempts(house: House, scan: str) -> list[dict[str, object]]:
    return house.rows(
        "SELECT attempts.* FROM attempts JOIN analyses ON analyses.id = analysis_id WHERE scan_id = %s ORDER BY number",
        scan,
    )


def _holder(house: House, scan: str) -> Program:
    """The program whose process has the newest attempt."""
    pid = str(_attempts(house, scan)[-1]["worker"]).split(":")[1]
    return next(one for one in (house.gateway, house.worker) if one.process and str(one.process.pid) == pid)
