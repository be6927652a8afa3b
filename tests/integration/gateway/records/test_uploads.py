"""Scans that come in over real HTTP: whole, or not at all."""

import hashlib
from uuid import uuid4

import httpx
import pytest

from tests.integration.gateway.auth.api_calls import problem
from tests.integration.gateway.records.stored_scans import Kept
from tests.integration.gateway.records.upload_calls import (
    blob_folder,
    files_below,
    form,
    hung_up,
    incoming,
    patient_of,
    post_form,
    some_zip,
    upload,
)
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.polling import until


def scans_of(client: httpx.Client, patient: str) -> int:
    return int(client.get("/api/scans", params={"patient_id": patient}).json()["total"])


def test_an_upload_is_a_scan_and_its_bytes(doctor: httpx.Client, kept: Kept) -> None:
    patient, content = patient_of(doctor), some_zip("whole", 12_000_000)
    answer = upload(doctor, patient, content, "chest.zip", description="before surgery")
    assert answer.status_code == 201, answer.text
    scan = answer.json()["id"]
    assert answer.json() == {"id": scan}
    assert answer.headers["location"] == f"/api/scans/{scan}"
    told = doctor.get(f"/api/scans/{scan}").json()
    assert (told["patient_id"], told["description"], told["status"]) == (patient, "before surgery", "received")
    assert (told["file_name"], told["file_size"]) == ("chest.zip", len(content))
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert kept.has(content)


def test_the_parts_may_come_in_any_order(doctor: httpx.Client) -> None:
    patient = patient_of(doctor)
    parts: list[tuple[str, str | None, bytes]] = [
        ("file", "a.zip", some_zip("order")),
        ("unknown", None, b"passed over"),
        ("description", None, b"late"),
        ("patient_id", None, patient.encode()),
    ]
    for body in (form(parts), form(parts[::-1])):
        answer = post_form(doctor, body)
        assert answer.status_code == 201, answer.text
        assert doctor.get(f"/api/scans/{answer.json()['id']}").json()["description"] == "late"


def test_the_same_file_twice_is_one_blob_and_two_scans(doctor: httpx.Client, records: RunningGateway) -> None:
    patient, content = patient_of(doctor), some_zip("twice")
    first, second = (upload(doctor, patient, content).json()["id"] for _ in range(2))
    assert first != second
    sha256 = hashlib.sha256(content).hexdigest()
    assert [path.name for path in files_below(blob_folder(records))].count(sha256) == 1
    doctor.delete(f"/api/scans/{first}")
    assert doctor.get(f"/api/scans/{second}/file").content == content
    doctor.delete(f"/api/scans/{second}")
    assert sha256 not in [path.name for path in files_below(blob_folder(records))]


def test_an_upload_that_is_sent_again_under_its_key_is_one_scan(doctor: httpx.Client) -> None:
    patient, key = patient_of(doctor), uuid4().hex
    answers = [upload(doctor, patient, some_zip("once"), key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert scans_of(doctor, patient) == 1
    assert problem(upload(doctor, patient, some_zip("other"), key=key)) == (422, "idempotency_mismatch")


@pytest.mark.parametrize("content", [b"no DICOM here", b"%PDF-1.7" + bytes(1000), bytes(500), b"x"])
def test_what_is_plainly_no_study_is_refused(doctor: httpx.Client, records: RunningGateway, content: bytes) -> None:
    patient, before = patient_of(doctor), files_below(blob_folder(records))
    assert problem(upload(doctor, patient, content)) == (415, "not_dicom")
    assert scans_of(doctor, patient) == 0
    assert files_below(blob_folder(records)) == before


def test_an_empty_file_is_refused(doctor: httpx.Client) -> None:
    assert problem(upload(doctor, patient_of(doctor), b"")) == (400, "empty_upload")


def test_a_foreign_patient_is_not_there(doctor: httpx.Client, stranger: httpx.Client, records: RunningGateway) -> None:
    patient, before = patient_of(doctor), files_below(blob_folder(records))
    assert problem(upload(stranger, patient, some_zip("foreign"))) == (404, "not_found")
    assert problem(upload(doctor, str(uuid4()), some_zip("unknown"))) == (404, "not_found")
    late = form([("file", "a.zip", some_zip("late")), ("patient_id", None, str(uuid4()).encode())])
    assert problem(post_form(doctor, late)) == (404, "not_found")
    assert files_below(blob_folder(records)) == before


def test_an_unknown_patient_is_told_before_the_file_is_sent(doctor: httpx.Client, records: RunningGateway) -> None:
    begun = form([("patient_id", None, str(uuid4()).encode()), ("file", "a.zip", b"PK\x03\x04")], end=False)
    assert hung_up(records, doctor, begun, read=True).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([("file", "a.zip", some_zip("nobody"))], "patient_id"),
        ([("patient_id", None, b"not a uuid"), ("file", "a.zip", some_zip("x"))], "patient_id"),
        ([("patient_id", None, b""), ("file", "a.zip", some_zip("x"))], "patient_id"),
        ([("description", None, b"a\0b"), ("file", "a.zip", some_zip("x"))], "description"),
        ([("description", None, "\u202egpj".encode()), ("file", "a.zip", some_zip("x"))], "description"),
        ([("description", None, b"x" * 10_000), ("file", "a.zip", some_zip("x"))], "description"),
        ([], "file"),
    ],
)
def test_a_form_that_is_none_is_refused(
    doctor: httpx.Client, records: RunningGateway, parts: list[tuple[str, str | None, bytes]], field: str
) -> None:
    before = files_below(blob_folder(records))
    answer = post_form(doctor, form(parts))
    assert problem(answer) == (422, "invalid_request")
    assert field in answer.json()["detail"]
    assert files_below(blob_folder(records)) == before


def test_two_files_and_other_bodies_are_refused(doctor: httpx.Client, records: RunningGateway) -> None:
    patient, before = patient_of(doctor), files_below(blob_folder(records))
    two = form([("patient_id", None, patient.encode()), *[("file", "a.zip", some_zip("two"))] * 2])
    assert problem(post_form(doctor, two)) == (413, "over_budget")
    json = doctor.post("/api/scans", json={"patient_id": patient})
    assert problem(json)[0] == 415
    assert problem(post_form(doctor, b"nonsense"))[0] == 400
    assert files_below(blob_folder(records)) == before


def test_an_upload_that_is_cut_off_leaves_nothing(doctor: httpx.Client, records: RunningGateway) -> None:
    patient, before = patient_of(doctor), files_below(blob_folder(records))
    content = some_zip("cut", 9_000_000)
    for body in (
        form([("patient_id", None, patient.encode()), ("file", "a.zip", content)], end=False),
        form([("file", "a.zip", content), ("patient_id", None, patient.encode())])[:-3],
    ):
        hung_up(records, doctor, body)
        until(lambda: files_below(blob_folder(records)) == before and not incoming(records))
    assert scans_of(doctor, patient) == 0
    assert 'status="500"' not in doctor.get("/metrics").text  # who leaves is no fault of ours
    ended = form([("patient_id", None, patient.encode()), ("file", "a.zip", content)], end=False)
    assert problem(post_form(doctor, ended))[0] == 400
    assert files_below(blob_folder(records)) == before


def test_several_files_each_for_itself(doctor: httpx.Client, records: RunningGateway) -> None:
    patient = patient_of(doctor)
    parts: list[tuple[str, str | None, bytes]] = [
        ("file", "one.zip", some_zip("one")),
        ("file", "notes.txt", b"no study"),
        ("file", "two.zip", some_zip("two")),
        ("patient_id", None, patient.encode()),
    ]
    answer = post_form(doctor, form(parts), "/api/scans/bulk")
    assert answer.status_code == 207, answer.text
    one, notes, two = answer.json()["items"]
    assert (notes["file_name"], notes["id"], notes["error"]) == ("notes.txt", None, "not_dicom")
    assert scans_of(doctor, patient) == 2
    assert {item["id"] for item in doctor.get("/api/scans", params={"patient_id": patient}).json()["items"]} == {
        one["id"],
        two["id"],
    }
    assert not incoming(records)


def test_several_files_of_an_unknown_patient_are_none(doctor: httpx.Client, records: RunningGateway) -> None:
    before = files_below(blob_folder(records))
    parts = [("file", "one.zip", some_zip("lost")), ("patient_id", None, str(uuid4()).encode())]
    assert problem(post_form(doctor, form(parts), "/api/scans/bulk")) == (404, "not_found")
    assert files_below(blob_folder(records)) == before


def test_a_researcher_sends_nothing(researcher: httpx.Client) -> None:
    assert problem(upload(researcher, str(uuid4()), some_zip("x"))) == (403, "not_permitted")
