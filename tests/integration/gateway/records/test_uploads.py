"""Uploads of scans over HTTP: stored completely, or not at all."""

import hashlib
from uuid import uuid4

import httpx
import pytest

from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.upload_calls import (
    blob_folder,
    create_patient_id,
    fake_zip,
    files_below,
    incoming_files,
    multipart_body,
    post_form,
    send_incomplete,
    upload,
)
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.polling import until


def count_scans(client: httpx.Client, patient: str) -> int:
    return int(client.get("/api/scans", params={"patient_id": patient}).json()["total"])


def test_an_upload_creates_a_scan_and_a_blob(radiologist: httpx.Client, stored_scans: StoredScans) -> None:
    patient, content = create_patient_id(radiologist), fake_zip("whole", 12_000_000)
    answer = upload(radiologist, patient, content, "chest.zip", description="before surgery")
    assert answer.status_code == 201, answer.text
    scan = answer.json()["id"]
    assert answer.json() == {"id": scan}
    assert answer.headers["location"] == f"/api/scans/{scan}"
    stored = radiologist.get(f"/api/scans/{scan}").json()
    assert (stored["patient_id"], stored["description"], stored["status"]) == (patient, "before surgery", "received")
    assert (stored["file_name"], stored["file_size"]) == ("chest.zip", len(content))
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    assert stored_scans.has_blob(content)


def test_the_parts_may_arrive_in_any_order(radiologist: httpx.Client) -> None:
    patient = create_patient_id(radiologist)
    parts: list[tuple[str, str | None, bytes]] = [
        ("file", "a.zip", fake_zip("order")),
        ("unknown", None, b"passed over"),
        ("description", None, b"late"),
        ("patient_id", None, patient.encode()),
    ]
    for body in (multipart_body(parts), multipart_body(parts[::-1])):
        answer = post_form(radiologist, body)
        assert answer.status_code == 201, answer.text
        assert radiologist.get(f"/api/scans/{answer.json()['id']}").json()["description"] == "late"


def test_the_same_file_twice_is_one_blob_and_two_scans(radiologist: httpx.Client, records: RunningGateway) -> None:
    patient, content = create_patient_id(radiologist), fake_zip("twice")
    first, second = (upload(radiologist, patient, content).json()["id"] for _ in range(2))
    assert first != second
    sha256 = hashlib.sha256(content).hexdigest()
    assert [path.name for path in files_below(blob_folder(records))].count(sha256) == 1
    radiologist.delete(f"/api/scans/{first}")
    assert radiologist.get(f"/api/scans/{second}/file").content == content
    radiologist.delete(f"/api/scans/{second}")
    assert sha256 not in [path.name for path in files_below(blob_folder(records))]


def test_a_repeated_upload_with_its_idempotency_key_is_one_scan(radiologist: httpx.Client) -> None:
    patient, key = create_patient_id(radiologist), uuid4().hex
    answers = [upload(radiologist, patient, fake_zip("once"), key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert count_scans(radiologist, patient) == 1
    assert problem(upload(radiologist, patient, fake_zip("other"), key=key)) == (422, "idempotency_mismatch")
    assert radiologist.delete(answers[0].headers["location"]).status_code == 204
    assert problem(upload(radiologist, patient, fake_zip("once"), key=key)) == (410, "record_deleted")
    assert count_scans(radiologist, patient) == 0


@pytest.mark.parametrize("content", [b"no DICOM here", b"%PDF-1.7" + bytes(1000), bytes(500), b"x"])
def test_a_file_that_is_no_study_is_refused(radiologist: httpx.Client, records: RunningGateway, content: bytes) -> None:
    patient, before = create_patient_id(radiologist), files_below(blob_folder(records))
    assert problem(upload(radiologist, patient, content)) == (415, "not_dicom")
    assert count_scans(radiologist, patient) == 0
    assert files_below(blob_folder(records)) == before


def test_an_empty_file_is_refused(radiologist: httpx.Client) -> None:
    assert problem(upload(radiologist, create_patient_id(radiologist), b"")) == (400, "empty_upload")


def test_a_patient_of_another_institution_is_not_found(
    radiologist: httpx.Client, other_institution: httpx.Client, records: RunningGateway
) -> None:
    patient, before = create_patient_id(radiologist), files_below(blob_folder(records))
    assert problem(upload(other_institution, patient, fake_zip("foreign"))) == (404, "not_found")
    assert problem(upload(radiologist, str(uuid4()), fake_zip("unknown"))) == (404, "not_found")
    late = multipart_body([("file", "a.zip", fake_zip("late")), ("patient_id", None, str(uuid4()).encode())])
    assert problem(post_form(radiologist, late)) == (404, "not_found")
    assert files_below(blob_folder(records)) == before


def test_an_unknown_patient_is_refused_before_the_file_is_sent(
    radiologist: httpx.Client, records: RunningGateway
) -> None:
    incomplete = multipart_body(
        [("patient_id", None, str(uuid4()).encode()), ("file", "a.zip", b"PK\x03\x04")], end=False
    )
    assert send_incomplete(records, radiologist, incomplete, read=True).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([("file", "a.zip", fake_zip("nobody"))], "patient_id"),
        ([("patient_id", None, b"not a uuid"), ("file", "a.zip", fake_zip("x"))], "patient_id"),
        ([("patient_id", None, b""), ("file", "a.zip", fake_zip("x"))], "patient_id"),
        ([("description", None, b"a\0b"), ("file", "a.zip", fake_zip("x"))], "description"),
        ([("description", None, "\u202egpj".encode()), ("file", "a.zip", fake_zip("x"))], "description"),
        ([("description", None, b"x" * 10_000), ("file", "a.zip", fake_zip("x"))], "description"),
        ([], "file"),
    ],
)
def test_an_invalid_form_is_refused(
    radiologist: httpx.Client, records: RunningGateway, parts: list[tuple[str, str | None, bytes]], field: str
) -> None:
    before = files_below(blob_folder(records))
    answer = post_form(radiologist, multipart_body(parts))
    assert problem(answer) == (422, "invalid_request")
    assert field in answer.json()["detail"]
    assert files_below(blob_folder(records)) == before


def test_two_files_and_other_bodies_are_refused(radiologist: httpx.Client, records: RunningGateway) -> None:
    patient, before = create_patient_id(radiologist), files_below(blob_folder(records))
    two = multipart_body([("patient_id", None, patient.encode()), *[("file", "a.zip", fake_zip("two"))] * 2])
    assert problem(post_form(radiologist, two)) == (413, "over_budget")
    json = radiologist.post("/api/scans", json={"patient_id": patient})
    assert problem(json)[0] == 415
    assert problem(post_form(radiologist, b"nonsense"))[0] == 400
    assert files_below(blob_folder(records)) == before


def test_an_interrupted_upload_leaves_nothing(radiologist: httpx.Client, records: RunningGateway) -> None:
    patient, before = create_patient_id(radiologist), files_below(blob_folder(records))
    content = fake_zip("cut", 9_000_000)
    for body in (
        multipart_body([("patient_id", None, patient.encode()), ("file", "a.zip", content)], end=False),
        multipart_body([("file", "a.zip", content), ("patient_id", None, patient.encode())])[:-3],
    ):
        send_incomplete(records, radiologist, body)
        until(lambda: files_below(blob_folder(records)) == before and not incoming_files(records))
    assert count_scans(radiologist, patient) == 0
    assert (
        'status="500"' not in radiologist.get("/metrics").text
    )  # a client that disconnects is no error of the service
    ended = multipart_body([("patient_id", None, patient.encode()), ("file", "a.zip", content)], end=False)
    assert problem(post_form(radiologist, ended))[0] == 400
    assert files_below(blob_folder(records)) == before


def test_files_of_a_bulk_upload_succeed_or_fail_alone(radiologist: httpx.Client, records: RunningGateway) -> None:
    patient = create_patient_id(radiologist)
    parts: list[tuple[str, str | None, bytes]] = [
        ("file", "one.zip", fake_zip("one")),
        ("file", "notes.txt", b"no study"),
        ("file", "two.zip", fake_zip("two")),
        ("patient_id", None, patient.encode()),
    ]
    answer = post_form(radiologist, multipart_body(parts), "/api/scans/bulk")
    assert answer.status_code == 207, answer.text
    one, notes, two = answer.json()["items"]
    assert (notes["file_name"], notes["id"], notes["error"]) == ("notes.txt", None, "not_dicom")
    assert count_scans(radiologist, patient) == 2
    assert {item["id"] for item in radiologist.get("/api/scans", params={"patient_id": patient}).json()["items"]} == {
        one["id"],
        two["id"],
    }
    assert not incoming_files(records)


def test_a_bulk_upload_for_an_unknown_patient_stores_nothing(
    radiologist: httpx.Client, records: RunningGateway
) -> None:
    before = files_below(blob_folder(records))
    parts = [("file", "one.zip", fake_zip("lost")), ("patient_id", None, str(uuid4()).encode())]
    assert problem(post_form(radiologist, multipart_body(parts), "/api/scans/bulk")) == (404, "not_found")
    assert files_below(blob_folder(records)) == before


def test_a_researcher_cannot_upload(researcher: httpx.Client) -> None:
    assert problem(upload(researcher, str(uuid4()), fake_zip("x"))) == (403, "not_permitted")
