"""POST /api/scans/{id}/analyze: answers when the analysis has ended, or at once."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.gateway.analyses.scan_calls import Scans, triton_hangs
from tests.integration.polling import until


def test_the_answer_is_the_outcome_of_the_report(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    answer = scans.call("POST", scan, "analyze")
    report = scans.report(scan)
    body = answer.json()
    assert (answer.status_code, body["ok"], body["state"], body["error"]) == (200, True, "done", None)
    assert body["has_pathology_any"] is report["summary"]["has_pathology_any"]
    assert body["summary"] == report["summary"]
    assert body["id"] == report["analysis_id"]


def test_a_study_that_was_not_analysed_has_no_outcome(scans: Scans, text: Path) -> None:
    scan = scans.add(text)
    answer = scans.call("POST", scan, "analyze")
    body = answer.json()
    assert (answer.status_code, body["ok"], body["error"]) == (200, False, "not_dicom")
    assert body["detail"]
    assert "has_pathology_any" not in body
    assert body["summary"] == {"studies": 1, "analysed": 0, "failed": 1}


@pytest.mark.parametrize(
    ("query", "headers", "applied"),
    [
        ("?wait=0", {}, None),
        ("", {"Prefer": "respond-async"}, "respond-async"),
        ("", {"Prefer": "respond-async, wait=1"}, "respond-async, wait=1"),
        ("?wait=0", {"Prefer": "wait=100"}, None),
    ],
)
def test_an_answer_before_the_end_is_202(
    scans: Scans, phantom: Path, query: str, headers: dict[str, str], applied: str | None
) -> None:
    scan = scans.add(phantom)
    with triton_hangs(scans):
        answer = scans.call("POST", scan, f"analyze{query}", headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (202, f"/api/scans/{scan}/analysis")
        assert answer.headers.get("preference-applied") == applied
        assert "ok" not in answer.json()
    assert scans.call("POST", scan, "analyze", headers={"Prefer": "wait=100"}).json()["ok"]


def test_a_client_that_disconnects_leaves_the_analysis_running(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    host, port = scans.gateway.url.removeprefix("http://").split(":")
    with triton_hangs(scans):
        with socket.create_connection((host, int(port))) as client:
            client.sendall(
                f"POST /api/scans/{scan}/analyze HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode()
            )
            until(lambda: scans.gateway.store.notifications.subscribers == 2)  # the worker and the waiting client
        until(lambda: scans.gateway.store.notifications.subscribers == 1)
    until(lambda: scans.analysis(scan)["state"] == "done")


def test_a_cancelled_analysis_has_no_outcome(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    with triton_hangs(scans), ThreadPoolExecutor() as threads:
        waiting = threads.submit(scans.call, "POST", scan, "analyze")
        until(lambda: scans.analysis(scan).get("state") == "running")
        scans.call("DELETE", scan, "analysis")
        answer = waiting.result()
    body = answer.json()
    assert (answer.status_code, body["ok"], body["state"], body["error"]) == (200, False, "cancelled", "cancelled")
    assert "has_pathology_any" not in body
    assert "summary" not in body


def test_a_scan_that_is_deleted_meanwhile_is_not_found(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    with triton_hangs(scans), ThreadPoolExecutor() as threads:
        waiting = threads.submit(scans.call, "POST", scan, "analyze")
        until(lambda: scans.analysis(scan).get("state") == "running")
        scans.delete(scan)
        answer = waiting.result()
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
