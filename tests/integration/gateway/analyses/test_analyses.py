"""Analyses over HTTP with a real worker, a real Triton and a real PostgreSQL."""

import asyncio
import csv
import json
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import ReportRow, ScanRow
from screening.contract import Priority
from screening.results.evidence import unpack
from tests.integration.gateway.analyses.scan_calls import Scans, triton_hangs
from tests.integration.gateway.running_gateway import running_gateway
from tests.integration.polling import until


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Scans]:
    """A gateway with a short deadline for Triton."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    with running_gateway(folder, deadline_s=10.0, decode_timeout_s=10.0) as running:
        yield Scans(running)


def stored_evidence(scans: Scans, analysis_id: str) -> bytes | None:
    async def key(session: AsyncSession) -> str | None:
        return await session.scalar(select(ReportRow.evidence_key).where(ReportRow.analysis_id == UUID(analysis_id)))

    found = scans.in_database(key)
    return asyncio.run(scans.blobs.get_derived(found)) if found else None


def events_of(scans: Scans, scan: UUID) -> list[dict[str, Any]]:
    """Every event until the stream ends."""
    with scans.gateway.client() as client, client.stream("GET", f"/api/scans/{scan}/analysis/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        return [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data: ")]


def test_a_stored_scan_reads_as_the_same_bytes_posted(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    analysis = scans.analysed(scan)
    assert (analysis["state"], analysis["attempt"], analysis["error"]) == ("done", 1, None)
    assert analysis["slices_done"] == analysis["slices_total"] > 0
    report, posted = scans.report(scan), scans.gateway.predict(phantom).json()
    (row,) = report["rows"]
    for column in ("verdict", "probability_of_pathology", "study_uid", "series_uid", "pathology_localization"):
        assert row[column] == posted[column]
    assert report["summary"] == {
        "studies": 1,
        "analysed": 1,
        "failed": 0,
        "has_pathology_any": row["verdict"] == "pathology",
    }
    assert (report["analysis_id"], report["version"]) == (analysis["id"], 1)
    (evidence,) = unpack(stored_evidence(scans, analysis["id"]) or b"")
    assert evidence.study_uid == row["study_uid"]
    assert evidence.key_slice == report["studies"][0]["evidence"]["key_slice"]["slice"]


def test_the_scans_row_repeats_the_newest_analysis(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    analysis = scans.analysed(scan)
    row = scans.in_database(lambda session: session.get_one(ScanRow, scan))
    report = scans.report(scan)
    assert (row.status, str(row.analysis_id)) == ("done", analysis["id"])
    assert (row.verdict, row.probability) == (report["verdict"], report["probability"])
    assert row.study_uid == report["rows"][0]["study_uid"]


def test_every_stage_is_measured(scans: Scans, phantom: Path) -> None:
    scans.analysed(scans.add(phantom))
    counted = 'turnstile_stage_seconds_count{stage="%s"}'
    with scans.gateway.client() as client:
        until(lambda: counted % "store" in client.get("/metrics").text)  # observed just after the report is stored
        page = client.get("/metrics").text
    for stage in ("queue", "survey", "decode", "lungs", "views", "inference", "fusion"):
        assert counted % stage in page


def test_a_study_that_cannot_be_analysed_fails_once_with_its_error(scans: Scans, text: Path) -> None:
    scan = scans.add(text)
    analysis = scans.analysed(scan)
    assert (analysis["state"], analysis["error"], analysis["attempt"]) == ("failed", "not_dicom", 1)
    report = scans.report(scan)
    (row,) = report["rows"]
    assert (row["processing_status"], row["verdict"], row["pathology"]) == ("Failure", "not_analysed", None)
    assert (report["verdict"], report["probability"]) == ("not_analysed", None)
    assert stored_evidence(scans, analysis["id"]) is None


def test_an_unfinished_analysis_is_returned_not_doubled(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    with triton_hangs(scans):
        first = scans.call("POST", scan, "analyze?wait=0")
        again = scans.call("POST", scan, "analyze?wait=0")
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json()["id"] == again.json()["id"]
    assert scans.call("POST", scan, "analyze?wait=110").json()["id"] == first.json()["id"]


def test_events_show_the_progress_and_end_with_the_analysis(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    with triton_hangs(scans):
        scans.call("POST", scan, "analyze?wait=0")
        until(lambda: scans.analysis(scan)["stage"] == "networks")
    events = events_of(scans, scan)
    assert events[-1]["state"] == "done"
    done = [event["slices_done"] for event in events if event["state"] == "running"]
    assert done == sorted(done)
    assert events_of(scans, scan) == [events[-1]], "an ended analysis has one event"


def test_a_stream_ends_with_its_client(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    notifications = scans.gateway.store.notifications
    with triton_hangs(scans), scans.gateway.client() as client:
        scans.call("POST", scan, "analyze?wait=0")
        until(lambda: scans.analysis(scan)["state"] == "running")
        with client.stream("GET", f"/api/scans/{scan}/analysis/events") as stream:
            lines = stream.iter_lines()  # a reference keeps the connection open
            next(lines)
            until(
                lambda: notifications.subscribers == 2
            )  # the worker, which starts after its lease is visible, and the stream
        until(lambda: notifications.subscribers == 1)
    until(lambda: scans.analysis(scan)["state"] == "done" and not notifications.subscribers)


def test_a_new_analysis_keeps_the_old_report(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    first, second = scans.analysed(scan), scans.analysed(scan)
    assert first["id"] != second["id"]
    listed = scans.call("GET", scan, "reports").json()["items"]
    assert [one["analysis_id"] for one in listed] == [second["id"], first["id"]]
    old = scans.call("GET", scan, f"report?analysis_id={first['id']}").json()
    assert old["analysis_id"] == first["id"]
    analyses = scans.call("GET", scan, "analyses").json()["items"]
    assert [one["id"] for one in analyses] == [second["id"], first["id"]]
    assert [len(one["attempts"]) for one in analyses] == [1, 1]
    assert "inference" in next(iter(analyses[0]["attempts"][0]["timings"].values()))


def test_a_report_as_tables(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    scans.analysed(scan)
    told = scans.report(scan)["rows"][0]
    answer = scans.call("GET", scan, "report?format=csv")
    assert f'filename="report-{scan}.csv"' in answer.headers["content-disposition"]
    (line,) = csv.DictReader(StringIO(answer.text))
    assert line["verdict"] == told["verdict"]
    sheet = openpyxl.load_workbook(BytesIO(scans.call("GET", scan, "report?format=xlsx").content)).worksheets[0]
    assert sheet["B2"].value == told["study_uid"]


def test_a_bulk_request(scans: Scans, phantom: Path, text: Path) -> None:
    good, bad, unknown, foreign = scans.add(phantom), scans.add(text), uuid4(), scans.add(phantom, "elsewhere")
    with scans.gateway.client() as client:
        answer = client.post("/api/scans/analyze", json={"ids": [str(one) for one in (good, bad, unknown, foreign)]})
    assert answer.status_code == 202
    items = answer.json()["items"]
    assert [item["scan_id"] for item in items] == [str(one) for one in (good, bad, unknown, foreign)]
    assert [item.get("error") for item in items] == [None, None, "not_found", "not_found"]
    until(lambda: scans.analysis(good)["state"] == "done" and scans.analysis(bad)["state"] == "failed")


@pytest.mark.parametrize(
    ("method", "what", "error"),
    [
        ("POST", "analyze", "not_found"),
        ("GET", "analysis", "not_found"),
        ("GET", "analyses", "not_found"),
        ("GET", "analysis/events", "not_found"),
        ("DELETE", "analysis", "not_found"),
        ("GET", "report", "not_found"),
        ("GET", "reports", "not_found"),
    ],
)
def test_unknown_and_foreign_scans_are_not_found(scans: Scans, text: Path, method: str, what: str, error: str) -> None:
    for scan in (uuid4(), scans.add(text, "elsewhere")):
        answer = scans.call(method, scan, what)
        assert (answer.status_code, answer.json()["error"]) == (404, error)
    assert scans.call(method, "no-uuid", what).status_code == 422


def test_before_the_first_analysis(scans: Scans, text: Path) -> None:
    scan = scans.add(text)
    for method, what, error in [
        ("GET", "analysis", "no_analysis"),
        ("GET", "analysis/events", "no_analysis"),
        ("DELETE", "analysis", "no_analysis"),
        ("GET", "report", "no_report"),
    ]:
        answer = scans.call(method, scan, what)
        assert (answer.status_code, answer.json()["error"]) == (404, error)
    assert scans.call("GET", scan, "analyses").json() == {"items": []}
    assert scans.call("GET", scan, "reports").json() == {"items": []}


def test_a_running_analysis_is_cancelled_within_a_moment(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    with triton_hangs(scans):
        scans.call("POST", scan, "analyze?wait=0")
        until(lambda: scans.analysis(scan)["state"] == "running")
        assert scans.call("DELETE", scan, "analysis").json()["cancel_requested"]
        until(lambda: scans.analysis(scan)["state"] == "cancelled")
    until(scans.gateway.is_idle)
    assert scans.call("GET", scan, "report").json()["error"] == "no_report"
    assert scans.call("DELETE", scan, "analysis").json()["state"] == "cancelled"


def test_nothing_is_left_of_a_scan_that_is_deleted_while_it_is_analysed(scans: Scans, phantom: Path) -> None:
    scan = scans.add(phantom)
    with triton_hangs(scans):
        analysis_id = scans.call("POST", scan, "analyze?wait=0").json()["id"]
        until(lambda: scans.analysis(scan)["stage"] == "networks")
        scans.delete(scan)
    until(scans.gateway.is_idle)
    assert scans.call("GET", scan, "analysis").status_code == 404
    until(lambda: asyncio.run(scans.blobs.get_derived(f"analyses/{analysis_id}/1/evidence.npz")) is None)


def test_a_transient_error_is_retried(impatient: Scans, phantom: Path) -> None:
    scans, scan = impatient, impatient.add(phantom)
    with triton_hangs(scans):
        scans.call("POST", scan, "analyze?wait=0")
        until(lambda: len(scans.call("GET", scan, "analyses").json()["items"][0]["attempts"]) > 1)
    until(lambda: scans.analysis(scan)["state"] == "done")
    (analysis,) = scans.call("GET", scan, "analyses").json()["items"]
    first, *_, last = analysis["attempts"]
    assert (first["error"], last["error"]) == ("engine_deadline", None)
    assert len(scans.call("GET", scan, "reports").json()["items"]) == 1


def test_a_missing_blob_has_its_own_error_code(scans: Scans, tmp_path: Path) -> None:
    lost = tmp_path / "lost.zip"
    lost.write_bytes(b"soon lost")
    scan = scans.add(lost)
    row = scans.in_database(lambda session: session.get_one(ScanRow, scan))
    asyncio.run(scans.blobs.delete(row.sha256))
    assert scans.analysed(scan)["error"] == "upload_lost"


@pytest.mark.parametrize(("urgent", "priority"), [(True, Priority.URGENT), (False, Priority.ROUTINE)])
def test_urgency_reaches_triton(
    scans: Scans, phantom: Path, monkeypatch: pytest.MonkeyPatch, urgent: bool, priority: Priority
) -> None:
    engine, seen = scans.gateway.services.engine, set()
    infer = engine.infer

    async def noted(*arguments: Any) -> Any:
        seen.add(arguments[-1])
        return await infer(*arguments)

    monkeypatch.setattr(engine, "infer", noted)
    scans.call("POST", scans.add(phantom), f"analyze?wait=110&urgent={urgent}")
    assert seen == {priority}
