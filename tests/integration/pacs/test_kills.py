"""Studies are sent by storescu while listener, worker, gateway and PostgreSQL are killed with SIGKILL.

Each is screened exactly once. `--pacs-studies 30` sends as many; without it there are 4.
"""

import asyncio
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from gateway.database.connection import Database
from gateway.pacs.receiving.leftovers import delete_leftovers
from gateway.storage.blobs import Blobs
from screening.phantom.phantom_study import write_phantom
from tests.integration.faults.fault_service import ServiceUnderFaults, running_service
from tests.integration.faults.service_programs import PATIENCE_S, Program
from tests.integration.polling import until
from tests.postgres import RunningPostgres

SEED: Final = 20261127
QUIET_S: Final = 2.0
SLICES: Final = 16
LONGEST_PAUSE_S: Final = 3.0
AT_ONCE: Final = 3
VICTIMS: Final = ("listener", "postgres", "listener", "worker", "listener", "gateway")


@pytest.fixture
def service(tmp_path: Path, postgres: RunningPostgres) -> Iterator[ServiceUnderFaults]:
    with running_service(tmp_path, postgres, more_environ={"TURNSTILE_PACS_COMPLETE_AFTER_S": str(QUIET_S)}) as running:
        yield running


@pytest.fixture
def listener(service: ServiceUnderFaults, tmp_path: Path) -> Iterator[Program]:
    port = _free_port()
    arguments = ("pacs", "listen", "--port", str(port))
    program = Program("listener", arguments, service.gateway.environ, tmp_path / "listener.log")
    program.start()
    try:
        until(lambda: _answers(port), PATIENCE_S)
        yield program
    finally:
        program.stop()


@pytest.mark.heavy
def test_each_study_is_screened_exactly_once(
    service: ServiceUnderFaults, listener: Program, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    studies = [_study(tmp_path / "sent", number) for number in range(pytestconfig.getoption("pacs_studies"))]
    port, chance = int(listener.arguments[-1]), random.Random(SEED)
    killers = service.killers | {"listener": listener.kill}
    waiting = list(studies)

    def send() -> None:
        while waiting:
            _send_until_stored(waiting.pop(), port)

    senders = [threading.Thread(target=send, name="sender") for _ in range(AT_ONCE)]
    for sender in senders:
        sender.start()
    for victim in VICTIMS * (1 + len(studies) // len(VICTIMS)):
        time.sleep(chance.uniform(0.0, LONGEST_PAUSE_S))
        killers[victim]()
        service.rows("SELECT 1")  # a PostgreSQL that is killed before it has recovered never recovers
    for sender in senders:
        sender.join()
    until(lambda: _is_over(service, len(studies)), 2 * PATIENCE_S)
    _assert_each_once(service, len(studies))


def _is_over(service: ServiceUnderFaults, studies: int) -> bool:
    """Whether no instance waits, there are so many studies, and no analysis is unfinished."""
    (left,) = service.rows(
        "SELECT (SELECT count(*) FROM incoming_instances WHERE waiting_key IS NOT NULL) AS waiting,"
        " (SELECT count(*) FROM incoming_studies) AS studies,"
        " (SELECT count(*) FROM analyses WHERE state IN ('queued', 'running')) AS unfinished"
    )
    return (left["waiting"], left["studies"], left["unfinished"]) == (0, studies, 0)


def _assert_each_once(service: ServiceUnderFaults, studies: int) -> None:
    """All instances of a study in its last scan, and one report of that; a scan for each version, and no other."""
    held = service.rows(
        "SELECT study_uid, count(*) AS instances, count(DISTINCT scan_id) AS scans, min(version) AS version,"
        " (SELECT count(*) FROM scans WHERE scans.study_uid = incoming_studies.study_uid) AS made,"
        " (SELECT count(*) FROM analyses JOIN reports ON reports.analysis_id = analyses.id"
        "  WHERE analyses.scan_id = min(incoming_instances.scan_id::text)::uuid) AS reports"
        " FROM incoming_studies JOIN incoming_instances ON study_id = incoming_studies.id GROUP BY incoming_studies.id"
    )
    assert len(held) == studies
    for one in held:
        assert (one["instances"], one["scans"], one["reports"]) == (SLICES, 1, 1), one
        assert one["made"] == one["version"], one
    assert len(service.rows("SELECT id FROM patients")) == 1, "the phantoms have one Patient ID"
    assert _objects_left(service) == []


def _objects_left(service: ServiceUnderFaults) -> list[Path]:
    """What killed processes left, after the cleanup that every process does; here at once instead of after an hour."""

    async def clean() -> None:
        database = Database(service.database_url)
        try:
            await delete_leftovers(database, Blobs(service.blobs), timedelta())
        finally:
            await database.close()

    asyncio.run(clean())
    return list((service.blobs / "waiting").glob("*"))


def _study(folder: Path, number: int) -> Path:
    return write_phantom(folder / f"study-{number}", slices=SLICES, size=128, seed=number)


def _send_until_stored(study: Path, port: int) -> None:
    """As a PACS does: the whole study again, until every instance was answered with success."""
    command = ["storescu", "-aec", "TURNSTILE", "-to", "10", "-td", "30", "+sd", "127.0.0.1", str(port), str(study)]
    until(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, PATIENCE_S)


def _answers(port: int) -> bool:
    echo = ["echoscu", "-aec", "TURNSTILE", "-to", "5", "127.0.0.1", str(port)]
    return subprocess.run(echo, capture_output=True, check=False).returncode == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
