"""A worker that is stopped in order releases its lease, and event streams continue after faults."""

import json
import signal
from pathlib import Path

import httpx

from tests.integration.faults.fault_service import ServiceUnderFaults
from tests.integration.faults.service_programs import PATIENCE_S, Program
from tests.integration.polling import until


def test_a_stopped_worker_releases_its_lease_and_another_claims_it_at_once(
    service: ServiceUnderFaults, files: list[Path]
) -> None:
    (scan,) = service.stored(files[:1])
    with service.triton_hangs():
        service.analyse(scan)
        until(lambda: len(_attempts(service, scan)) == 1)
        worker_or_gateway = _program_with_newest_attempt(service, scan)
        assert worker_or_gateway.stop(signal.SIGTERM) == 0
        until(lambda: len(_attempts(service, scan)) == 2)  # at once, after the other worker's fetch
        first, second = _attempts(service, scan)
        assert (first["error"], second["error"]) == ("handed_back", None)
        worker_or_gateway.start()
    until(lambda: service.state(scan) == "done")
    assert len(_attempts(service, scan)) == 2


def test_events_continue_after_postgresql_was_killed(service: ServiceUnderFaults, files: list[Path]) -> None:
    (scan,) = service.stored(files[:1])
    until(service.is_ready, PATIENCE_S)
    with service.triton_hangs():
        service.analyse(scan)
        events = f"{service.url}/api/scans/{scan}/analysis/events"
        with httpx.Client(timeout=60, trust_env=False) as client, client.stream("GET", events) as stream:
            lines = (line for line in stream.iter_lines() if line.startswith("data: "))
            assert next(lines)
            service.killers["postgres"]()
            service.killers["triton"]()  # which hangs; a new one answers
            received = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert received[-1]["state"] == "done"


def _attempts(service: ServiceUnderFaults, scan: str) -> list[dict[str, object]]:
    return service.rows(
        "SELECT attempts.* FROM attempts JOIN analyses ON analyses.id = analysis_id WHERE scan_id = %s ORDER BY number",
        scan,
    )


def _program_with_newest_attempt(service: ServiceUnderFaults, scan: str) -> Program:
    """The program whose process has the newest attempt."""
    pid = str(_attempts(service, scan)[-1]["worker"]).split(":")[1]
    return next(one for one in (service.gateway, service.worker) if one.process and str(one.process.pid) == pid)
