"""Results in a real archive: by C-STORE and STOW-RS, each object once, valid, and never without a word."""

import io
import os
import subprocess
import sys
from typing import Any

import httpx
import pydicom
import pytest

from gateway.analyses.errors import AnalysisCrashed
from gateway.permissions import Role
from gateway.result_objects.encoding import ObjectKind
from tests.integration.gateway.auth.api_calls import bearer, make_token
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.pacs.orthanc import Orthanc
from tests.integration.pacs.sending.outbox import Outbox
from tests.integration.polling import until
from tests.unit.gateway.result_objects.made_result import errors_of

EVERY_KIND = [kind.value for kind in ObjectKind]


def address_of(orthanc: Orthanc, *, stow: bool) -> dict[str, Any]:
    return {"url": orthanc.dicomweb_url} if stow else {"port": orthanc.dicom_port}


@pytest.mark.parametrize("stow", [False, True], ids=["c-store", "stow"])
def test_a_result_stands_in_the_archive_once(outbox: Outbox, orthanc: Orthanc, stow: bool) -> None:
    name = f"all of it by {stow}"
    outbox.add_destination(name, **address_of(orthanc, stow=stow), encodings=EVERY_KIND)
    scan = outbox.add_result([name], pathology=True)
    delivery = outbox.until_in_state(scan, "sent")
    uids = orthanc.sop_instance_uids()
    assert delivery["objects"] == delivery["objects_stored"] == len(uids) == len(set(uids))
    files = [orthanc.file_of(uid) for uid in uids]
    assert {pydicom.dcmread(io.BytesIO(file)).Modality for file in files} == {"SR", "SEG", "OT", "KO", "PR", "DOC"}
    assert {str(pydicom.dcmread(io.BytesIO(file)).StudyInstanceUID) for file in files} == {outbox.study_uid}
    assert [errors_of(file) for file in files] == [[]] * len(files)

    answer = outbox.admin.post(f"/api/deliveries/{delivery['id']}/send-again")
    assert answer.json()["state"] in ("waiting", "sending")
    until(lambda: outbox.deliveries(scan=scan)[0]["attempt"] == 2)
    outbox.until_in_state(scan, "sent")
    assert orthanc.sop_instance_uids() == uids


def test_a_study_that_was_not_analysed_is_told_whatever_the_destination_takes(outbox: Outbox, orthanc: Orthanc) -> None:
    outbox.add_destination("pictures only", port=orthanc.dicom_port, encodings=["sc"])
    outbox.until_in_state(outbox.add_result(["pictures only"]), "sent")
    (uid,) = orthanc.sop_instance_uids()
    content = orthanc.file_of(uid)
    assert b"Not analysed" in content
    assert b"lungs_incomplete" in content
    assert b"17621005" not in content, "Normal"
    assert errors_of(content) == []


def test_an_analysis_that_failed_before_it_knew_the_study_is_told_beside_its_images(
    outbox: Outbox, orthanc: Orthanc
) -> None:
    outbox.add_destination("told", port=orthanc.dicom_port, encodings=["seg"])
    crashed = AnalysisCrashed("every worker that tried this study was killed or crashed")
    outbox.until_in_state(outbox.add_result(["told"], failure=crashed), "sent")
    (uid,) = orthanc.sop_instance_uids()
    content = orthanc.file_of(uid)
    assert str(pydicom.dcmread(io.BytesIO(content)).StudyInstanceUID) == outbox.study_uid
    assert b"analysis_crashed" in content
    assert b"17621005" not in content, "Normal"
    assert errors_of(content) == []


def test_results_go_where_the_rule_said_else_to_the_default(outbox: Outbox, orthanc: Orthanc) -> None:
    outbox.add_destination("named", port=orthanc.dicom_port)
    default = outbox.add_destination("default", port=orthanc.dicom_port, by_default=True)
    by_rule, by_default = outbox.add_result(["named"]), outbox.add_result(None)
    nowhere, of_a_person = outbox.add_result([]), outbox.add_result(None, origin=False)
    assert outbox.until_in_state(by_rule, "sent")["destination"] == "named"
    assert outbox.until_in_state(by_default, "sent")["destination"] == "default"
    assert outbox.deliveries(scan=nowhere) == outbox.deliveries(scan=of_a_person) == []
    assert len(orthanc.sop_instance_uids()) == 2
    outbox.change(default, by_default=False)


def test_a_name_without_a_destination_is_told_and_sent_once_there_is_one(outbox: Outbox, orthanc: Orthanc) -> None:
    scan = outbox.add_result(["of a later day"])
    assert outbox.until_in_state(scan, "failed")["error"] == "no_such_destination"
    outbox.add_destination("of a later day", port=orthanc.dicom_port)
    outbox.until_in_state(scan, "sent")
    assert len(orthanc.sop_instance_uids()) == 1


def test_results_of_a_destination_that_is_off_wait(outbox: Outbox, orthanc: Orthanc) -> None:
    off = outbox.add_destination("off", port=orthanc.dicom_port, enabled=False)
    outbox.add_destination("on", port=orthanc.dicom_port)
    scan = outbox.add_result(["off", "on"])
    until(lambda: {one["state"] for one in outbox.deliveries(scan=scan)} == {"waiting", "sent"})
    assert outbox.destination("off")["waiting"] == 1
    outbox.change(off, enabled=True)
    outbox.until_in_state(scan, "sent", count=2)
    assert outbox.destination("off")["sent_today"] == 1


def test_a_disclosure_is_an_audit_event_that_names_the_destination(outbox: Outbox, orthanc: Orthanc) -> None:
    outbox.add_destination("audited", port=orthanc.dicom_port)
    delivery = outbox.until_in_state(outbox.add_result(["audited"]), "sent")
    asked = {"entity": "delivery", "entity_id": delivery["id"], "action": "export"}

    def events() -> list[dict[str, Any]]:
        return list(outbox.admin.get("/api/audit", params=asked).json()["items"])

    until(lambda: len(events()) == 1)
    (event,) = events()
    assert (event["actor"], event["outcome"]) == ("destination:audited", "success")
    assert event["detail"]["destination"] == "audited"
    assert event["detail"]["scan"] == delivery["scan_id"]


def test_deleting_a_scan_deletes_its_deliveries(outbox: Outbox, orthanc: Orthanc) -> None:
    outbox.add_destination("of a deleted scan", port=orthanc.dicom_port, enabled=False)
    scan = outbox.add_result(["of a deleted scan"])
    outbox.until_in_state(scan, "waiting")
    assert outbox.admin.delete(f"/api/scans/{scan}").status_code == 204
    assert outbox.deliveries(destination="of a deleted scan") == []


def test_what_waits_for_a_deleted_destination_has_failed(outbox: Outbox, orthanc: Orthanc) -> None:
    there = outbox.add_destination("deleted", port=orthanc.dicom_port, enabled=False)
    scan = outbox.add_result(["deleted"])
    outbox.until_in_state(scan, "waiting")
    assert outbox.admin.delete(f"/api/destinations/{there['id']}").status_code == 204
    failed = outbox.until_in_state(scan, "failed")
    assert failed["error"] == "destination_deleted"
    outbox.add_destination("deleted", port=orthanc.dicom_port)
    outbox.admin.post(f"/api/deliveries/{failed['id']}/send-again")
    outbox.until_in_state(scan, "sent")


@pytest.mark.parametrize("stow", [False, True], ids=["c-echo", "qido"])
def test_an_admin_tests_the_connection(outbox: Outbox, orthanc: Orthanc, stow: bool) -> None:
    there = outbox.add_destination(f"tested {stow}", **address_of(orthanc, stow=stow))
    answer = outbox.admin.post(f"/api/destinations/{there['id']}/echo")
    assert answer.json()["ok"] is True, answer.text


def test_the_command_sends_one_result(
    outbox: Outbox, orthanc: Orthanc, sending_gateway: RunningGateway, database_url: str
) -> None:
    outbox.add_destination("by hand", port=orthanc.dicom_port)
    scan = outbox.add_result(None, origin=False)
    variables = {
        "TURNSTILE_DATABASE_URL": database_url,
        "TURNSTILE_INSTITUTION": "st-anna",
        "TURNSTILE_DATA_FOLDER": str(sending_gateway.services.settings.data_folder),
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "gateway.cli", "pacs", *arguments]
        return subprocess.run(
            command, env=os.environ | variables, capture_output=True, text=True, timeout=300, check=False
        )

    sent = run("send", "--scan", scan, "--to", "by hand")
    assert (sent.returncode, sent.stdout.strip()) == (0, "sent: 1 of 1 objects in by hand"), sent.stderr
    assert len(orthanc.sop_instance_uids()) == 1
    unknown = run("send", "--scan", scan, "--to", "nobody")
    assert unknown.returncode == 1
    assert "no destination of this name" in unknown.stderr
    assert "by hand" in run("destinations").stdout


def test_a_radiologist_reads_deliveries_and_no_destinations(
    outbox: Outbox, sending_gateway: RunningGateway, database_url: str
) -> None:
    with sending_gateway.client(headers=bearer(make_token(database_url, Role.RADIOLOGIST, "elsewhere"))) as other:
        assert other.get("/api/deliveries").json()["items"] == []
        assert other.get("/api/destinations").status_code == httpx.codes.FORBIDDEN
