"""Results as DICOM and FHIR over HTTP: valid objects, permissions, audit; the same bytes when asked again."""

import asyncio
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest

from gateway.permissions import Role
from screening.errors import LungsIncomplete
from screening.phantom.phantom_study import write_phantom
from screening.preparation import prepare
from screening.results.evidence import Evidence
from screening.results.fusion import NOT_AUGMENTED, fuse
from screening.results.report import Report
from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.viewing_calls import add_report, create_scan
from tests.integration.gateway.running_gateway import RunningGateway
from tests.unit.gateway.result_objects.made_result import errors_of, suspicious_outputs
from tests.unit.screening.studies import RULES, VIEW_SPACING_MM, card_of, study_of


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("phantom") / "chest.zip", slices=24, size=96)


@pytest.fixture(scope="module")
def pathology(phantom: Path) -> tuple[Report, Evidence]:
    """Of the phantom."""
    prepared = prepare(study_of(phantom, phantom.parent), 64, VIEW_SPACING_MM)
    outputs = suspicious_outputs(len(prepared.slice_indices))
    fusion = fuse(outputs, NOT_AUGMENTED, prepared.lung_shares, prepared.extents_mm, RULES)
    report = Report.analysed("Quagmire.zip", prepared, outputs, fusion, card_of(), 1.0, {})
    return report, Evidence.of(prepared, outputs, fusion)


@pytest.fixture(scope="module")
def reported(
    radiologist: httpx.Client, stored_scans: StoredScans, phantom: Path, pathology: tuple[Report, Evidence]
) -> str:
    """A scan with the report of a pathology."""
    scan = create_scan(radiologist, phantom.read_bytes())
    add_report(stored_scans, scan, pathology[1], report=pathology[0])
    return scan


def report(client: httpx.Client, scan: str, format_: str, **query: Any) -> httpx.Response:
    return client.get(f"/api/scans/{scan}/report", params={"format": format_, **query})


def test_the_sr_is_a_valid_file_of_the_study(radiologist: httpx.Client, reported: str) -> None:
    answer = report(radiologist, reported, "dicom-sr")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/dicom")
    assert answer.headers["content-disposition"] == f'attachment; filename="report-{reported}-sr.dcm"'
    assert errors_of(answer.content) == []
    assert pydicom.dcmread(io.BytesIO(answer.content)).PatientID == "SYNTHETIC"
    assert report(radiologist, reported, "dicom-sr").content == answer.content


def test_all_objects_come_in_one_zip(radiologist: httpx.Client, reported: str) -> None:
    answer = report(radiologist, reported, "dicom", lang="ru")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    kinds = {name.partition("-")[0] for name in files}
    assert kinds == {"sr", "seg", "pm", "sc", "ko", "pr", "pdf"}
    pdf = pydicom.dcmread(io.BytesIO(files["pdf-001.dcm"]))
    assert pdf.EncapsulatedDocument.startswith(b"%PDF")
    assert errors_of(files["pdf-001.dcm"]) == []
    assert report(radiologist, reported, "dicom", lang="ru").content == answer.content


def test_fhir_has_a_pseudonym_for_a_researcher_who_gets_no_dicom(
    radiologist: httpx.Client, researcher: httpx.Client, reported: str
) -> None:
    for format_ in ("dicom", "dicom-sr", "dicom-seg", "dicom-pm", "dicom-sc", "dicom-ko", "dicom-pr", "dicom-pdf"):
        assert problem(report(researcher, reported, format_)) == (403, "not_permitted")
    theirs, full = report(researcher, reported, "fhir"), report(radiologist, reported, "fhir")
    assert theirs.headers["content-type"] == "application/fhir+json"
    names = [
        entry["resource"]["subject"]["display"]
        for answer in (theirs, full)
        for entry in json.loads(answer.content)["entry"]
        if entry["resource"]["resourceType"] == "DiagnosticReport"
    ]
    assert names[0] != names[1]


def test_another_institution_and_an_unknown_study_have_no_object(
    radiologist: httpx.Client, other_institution: httpx.Client, reported: str
) -> None:
    assert problem(report(other_institution, reported, "dicom-sr")) == (404, "not_found")
    assert problem(report(radiologist, reported, "dicom-sr", study_uid="2.25.1")) == (404, "no_report")


def test_a_download_is_an_export_in_the_audit_log(
    client_for: Callable[..., httpx.Client], radiologist: httpx.Client, reported: str
) -> None:
    report(radiologist, reported, "dicom-seg")
    with client_for(Role.ADMIN) as admin:
        events = admin.get("/api/audit", params={"action": "export", "entity": "report"}).json()["items"]
    assert any(event["detail"].get("format") == "dicom-seg" for event in events)


def test_a_study_that_was_not_analysed_has_an_sr_and_no_segmentation(
    radiologist: httpx.Client, stored_scans: StoredScans, phantom: Path
) -> None:
    scan = create_scan(radiologist, phantom.read_bytes())
    uid = study_of(phantom, phantom.parent).study_uid
    add_report(stored_scans, scan, None, report=Report.failed("chest.zip", LungsIncomplete("Cut off.", uid), 1.0))
    answer = report(radiologist, scan, "dicom-sr")
    assert answer.status_code == 200
    assert b"Not analysed" in answer.content
    assert problem(report(radiologist, scan, "dicom-seg")) == (404, "no_result_object")


def test_of_several_studies_those_without_the_object_are_left_out_of_the_zip(
    radiologist: httpx.Client, stored_scans: StoredScans, phantom: Path, pathology: tuple[Report, Evidence]
) -> None:
    scan = create_scan(radiologist, phantom.read_bytes())
    failed = Report.failed("chest.zip", LungsIncomplete("Cut off.", "2.25.9"), 1.0)
    add_report(stored_scans, scan, pathology[1], report=pathology[0], others=[failed])
    answer = report(radiologist, scan, "dicom-sc")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {name.rpartition("-")[0] for name in archive.namelist()} == {"study-1/sc"}
    assert problem(report(radiologist, scan, "dicom-sc", study_uid="2.25.9")) == (404, "no_result_object")


def test_an_object_that_takes_too_much_keeps_no_other_from_being_written(
    radiologist: httpx.Client, stored_scans: StoredScans, tmp_path: Path
) -> None:
    path = write_phantom(tmp_path / "another.zip", slices=24, size=96, seed=7)
    scan, uid = create_scan(radiologist, path.read_bytes()), study_of(path, tmp_path).study_uid
    add_report(stored_scans, scan, None, report=Report.failed("chest.zip", LungsIncomplete("Cut off.", uid), 1.0))
    services = stored_scans.gateway.services
    read_by = f"{version('turnstile')} {(services.decode.limits, services.settings.budgets)!r}"
    key = f"{hashlib.sha256(path.read_bytes()).hexdigest()}/failures/result-seg-{uid}"
    failure = {"error": "decode_memory", "detail": "Too much.", "at": datetime.now(UTC).timestamp(), "read_by": read_by}
    asyncio.run(stored_scans.blobs.put_derived(key, json.dumps(failure).encode()))
    assert problem(report(radiologist, scan, "dicom-seg")) == (422, "decode_memory")
    assert report(radiologist, scan, "dicom-sr").status_code == 200


def test_two_downloads_of_a_principal_at_once_are_made(radiologist: httpx.Client, reported: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: report(radiologist, reported, "dicom"), range(6)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) >= 2
    assert set(statuses) == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert problem(refused) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert report(radiologist, reported, "dicom-sr").status_code == 200


def test_an_upload_without_dicom_identity_says_why(radiologist: httpx.Client, stored_scans: StoredScans) -> None:
    scan = create_scan(radiologist, b"PK\x05\x06" + bytes(18))
    add_report(stored_scans, scan, None, report=Report.failed("x.zip", LungsIncomplete("Cut off."), 1.0))
    status, code = problem(report(radiologist, scan, "dicom-sr"))
    assert (status, code) in {(422, "no_dicom_identity"), (400, "empty_upload"), (415, "not_dicom")}
    assert report(radiologist, scan, "fhir").status_code == 200


def test_the_command_writes_the_same_files(
    radiologist: httpx.Client, reported: str, records: RunningGateway, database_url: str, tmp_path: Path
) -> None:
    variables = {
        "TURNSTILE_DATABASE_URL": database_url,
        "TURNSTILE_INSTITUTION": "st-anna",
        "TURNSTILE_DATA_FOLDER": str(records.services.settings.data_folder),
    }
    command = [sys.executable, "-m", "gateway.cli", "objects", reported, "-o", str(tmp_path / "out"), "--kind", "sr"]
    run = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sr-001.dcm"]
    assert (tmp_path / "out" / "sr-001.dcm").read_bytes() == report(radiologist, reported, "dicom-sr").content
