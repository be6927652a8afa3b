"""Scans that are deleted while they are read: the whole answer, 404 `not_found`, or a connection that ends early."""

import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest
import structlog

from screening.phantom.phantom_study import write_phantom
from screening.results.evidence import Evidence
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.upload_calls import create_patient_id
from tests.integration.gateway.records.viewing_calls import add_report, create_scan, evidence_of

READS = (
    "series",
    "slices/0",
    "slices/3?format=raw",
    "thumbnail.png",
    "volume.nii.gz?step=2",
    "lungs.nii.gz?step=4",
    "file",
    "report",
    "analysis",
)
ALLOWED = {(200, None), (404, "not_found"), (404, "no_report"), (404, "no_analysis")}
ROUNDS = 12


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("evidence")
    return evidence_of(write_phantom(folder / "study.zip", slices=24, size=128).read_bytes(), folder)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_scan_that_is_deleted_while_it_is_read_is_no_fault(
    radiologist: httpx.Client, tmp_path: Path, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    content = write_phantom(tmp_path / "study.zip", slices=16, size=64, seed=1000 + seed).read_bytes()
    scan = create_scan(radiologist, content)
    moment = random.Random(seed)
    reads = moment.sample(READS, len(READS))
    start = Barrier(len(reads) + 1)
    with structlog.testing.capture_logs() as logged, ThreadPoolExecutor(len(reads) + 1) as threads:
        answers = [threads.submit(_read, radiologist, scan, read, start, moment.uniform(0, 0.3)) for read in reads]
        deletion = threads.submit(_delete, radiologist, scan, start, moment.uniform(0, 0.3))
        assert deletion.result() == 204
        assert {answer.result() for answer in answers} - {None} <= ALLOWED
    assert [entry for entry in logged if entry["log_level"] in ("error", "critical")] == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    for read in READS:
        answer = radiologist.get(f"/api/scans/{scan}/{read}")
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_feedback_on_a_scan_that_is_deleted_meanwhile_is_not_found(
    radiologist: httpx.Client, stored_scans: StoredScans, evidence: Evidence
) -> None:
    patient = create_patient_id(radiologist)
    scans = [stored_scans.scan(patient, b"study of feedback") for _ in range(ROUNDS)]
    for scan in scans:
        add_report(stored_scans, scan, evidence)
    calls = len(scans) * 3
    start = Barrier(calls)

    def call(number: int) -> tuple[int, str | None]:
        path = f"/api/scans/{scans[number // 3]}"
        start.wait()
        if number % 3 == 0:
            return radiologist.delete(path).status_code, None
        answer = radiologist.post(f"{path}/feedback", json={"agrees": True})
        return answer.status_code, None if answer.is_success else answer.json()["error"]

    with ThreadPoolExecutor(calls) as threads:
        assert set(threads.map(call, range(calls))) <= {(204, None), (200, None), (404, "not_found")}


def _read(client: httpx.Client, scan: str, what: str, start: Barrier, pause_s: float) -> tuple[int, str | None] | None:
    """Status and error code; None when the connection ended within the body."""
    start.wait()
    time.sleep(pause_s)
    try:
        answer = client.get(f"/api/scans/{scan}/{what}")
    except httpx.RemoteProtocolError:
        return None
    return answer.status_code, None if answer.is_success else answer.json()["error"]


def _delete(client: httpx.Client, scan: str, start: Barrier, pause_s: float) -> int:
    start.wait()
    time.sleep(pause_s)
    return client.delete(f"/api/scans/{scan}").status_code
