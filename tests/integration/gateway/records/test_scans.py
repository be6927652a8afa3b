"""Scans over real HTTP on a real PostgreSQL."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.gateway.records.stored_scans import Kept
from tests.integration.gateway.records.test_patients import make

READ: dict[str, Any] = {
    "status": "done",
    "verdict": "pathology",
    "probability": 0.8,
    "finding": "Lung nodule",
    "study_uid": "2.25.77",
}


def listed(client: httpx.Client, **params: Any) -> dict[str, Any]:
    answer = client.get("/api/scans/", params=params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


def test_a_scan_tells_what_is_known_of_it(doctor: httpx.Client, kept: Kept) -> None:
    patient = make(doctor)
    scan = kept.scan(patient["id"], b"four", file_name='a "quoted" имя.zip', description="first look", **READ)
    answer = doctor.get(f"/api/scans/{scan}")
    told = answer.json()

    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert told["patient"] == {"first_name": "Анна", "last_name": "Ёлкина", "pseudonymised": False}
    assert (told["file_name"], told["file_size"], told["description"]) == ('a "quoted" имя.zip', 4, "first look")
    assert (told["verdict"], told["probability_of_pathology"]) == ("pathology", 0.8)
    assert (told["most_dangerous_pathology_type"], told["study_uid"]) == ("Lung nodule", "2.25.77")
    assert (told["progress"], told["analysis_id"], told["error"]) == (None, None, None)
    seen = doctor.get(f"/api/patients/{patient['id']}").json()
    assert (seen["scans"], seen["last_verdict"], seen["last_probability"]) == (1, "pathology", 0.8)


def test_the_list_of_a_patient_is_newest_first_and_its_pages_meet(doctor: httpx.Client, kept: Kept) -> None:
    patient = make(doctor)["id"]
    made = [kept.scan(patient) for _ in range(5)]
    pages = [listed(doctor, patient_id=patient, limit=2, offset=n) for n in (0, 2, 4, 6)]
    assert [scan for page in pages for scan in ids(page)] == made[::-1]
    assert {page["total"] for page in pages} == {5}


def test_narrowed_by_status_and_verdict_and_counted_without(doctor: httpx.Client, kept: Kept) -> None:
    patient = make(doctor)["id"]
    kinds: list[dict[str, Any]] = [
        {"status": "received"},
        {"status": "queued"},
        {"status": "done", "verdict": "normal", "probability": 0.1},
        {"status": "done", "verdict": "pathology", "probability": 0.6},
        {"status": "done", "verdict": "pathology", "probability": 0.9},
        {"status": "failed", "verdict": "not_analysed", "error": "no_lung"},
    ]
    made = [kept.scan(patient, **kind) for kind in kinds]

    page = listed(doctor, patient_id=patient, verdict=["normal", "pathology"])
    assert (ids(page), page["total"]) == ([made[4], made[3], made[2]], 3)
    assert ids(listed(doctor, patient_id=patient, status="done", verdict="normal")) == [made[2]]
    by_suspicion = listed(doctor, patient_id=patient, sort="probability")
    assert ids(by_suspicion) == [made[4], made[3], made[5], made[2], made[1], made[0]]
    counts = {"all": 6, "pathology": 2, "not_analysed": 1, "normal": 1, "in_work": 1, "unscreened": 1}
    assert page["counts"] == by_suspicion["counts"] == counts


def test_narrowed_by_time(doctor: httpx.Client, kept: Kept) -> None:
    patient = make(doctor)["id"]
    scan = kept.scan(patient)
    at = datetime.fromisoformat(doctor.get(f"/api/scans/{scan}").json()["created_at"])
    later = at + timedelta(microseconds=1)
    assert ids(listed(doctor, patient_id=patient, **{"from": at.isoformat(), "to": later.isoformat()})) == [scan]
    assert ids(listed(doctor, patient_id=patient, **{"from": later.isoformat()})) == []
    assert ids(listed(doctor, patient_id=patient, to=at.isoformat())) == []


def test_words_are_found_in_the_names_of_patients_too(doctor: httpx.Client, kept: Kept) -> None:
    scan = kept.scan(make(doctor, last_name="Wiederfund")["id"], file_name="ct_100%.zip", study_uid="2.25.4711")
    for words in ("wiederFUND", "CT_100%", "2.25.4711", "Wiederfund Анна"):
        assert ids(listed(doctor, q=words)) == [scan], words
    assert ids(listed(doctor, q="ct%100")) == []


def test_a_scan_is_found_by_the_name_that_its_patient_has_now(doctor: httpx.Client, kept: Kept) -> None:
    patient = make(doctor, last_name="Vorname")["id"]
    scan = kept.scan(patient)
    assert doctor.put(f"/api/patients/{patient}", json={"last_name": "Nachname"}).status_code == 200
    assert (ids(listed(doctor, q="vorname")), ids(listed(doctor, q="nachname"))) == ([], [scan])


def test_the_researcher_sees_neither_name_nor_file_nor_description(
    doctor: httpx.Client, researcher: httpx.Client, kept: Kept
) -> None:
    patient = make(doctor, last_name="Heimlich")
    scan = kept.scan(patient["id"], file_name="Heimlich.zip", description="Heimlich's knee", study_uid="2.25.815")
    seen = researcher.get(f"/api/scans/{scan}").json()
    pseudonym = researcher.get(f"/api/patients/{patient['id']}").json()["last_name"]

    assert (seen["file_name"], seen["description"]) == (None, None)
    assert seen["patient"] == {"first_name": "", "last_name": pseudonym, "pseudonymised": True}
    assert ids(listed(researcher, q="heimlich")) == []
    assert ids(listed(researcher, q=pseudonym)) == ids(listed(researcher, q="2.25.815")) == [scan]
    assert "eimlich" not in researcher.get("/api/scans").text


def test_described_once_by_who_read_it_last(doctor: httpx.Client, kept: Kept) -> None:
    where = f"/api/scans/{kept.scan(make(doctor)['id'])}"
    changed = doctor.put(where, json={"description": "follow-up"}, headers={"If-Match": '"1"'})
    late = doctor.put(where, json={"description": "other"}, headers={"If-Match": '"1"'})
    assert (changed.json()["description"], changed.headers["etag"], late.status_code) == ("follow-up", '"2"', 412)
    assert doctor.put(where, json={}).status_code == 422
    assert doctor.put(where, json={"description": None}).json()["description"] is None


def test_a_file_stays_until_nobody_uses_it(doctor: httpx.Client, kept: Kept) -> None:
    content = uuid4().bytes
    patient = make(doctor)["id"]
    first, second = kept.scan(patient, content), kept.scan(make(doctor)["id"], content)
    assert doctor.delete(f"/api/patients/{patient}").status_code == 204
    assert doctor.get(f"/api/scans/{first}").status_code == 404
    assert kept.has(content)
    assert doctor.delete(f"/api/scans/{second}").status_code == 204
    assert not kept.has(content)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_foreign_and_malformed_ids(
    doctor: httpx.Client, stranger: httpx.Client, kept: Kept, method: str
) -> None:
    foreign = f"/api/scans/{kept.scan(make(doctor)['id'])}"
    answers = [
        stranger.request(method, where, json={"description": ""}) for where in (foreign, f"/api/scans/{uuid4()}")
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(404, "not_found")] * 2
    assert stranger.request(method, "/api/scans/x", json={"description": ""}).status_code == 422
    assert listed(stranger)["total"] == 0
    assert doctor.get(foreign).status_code == 200


@pytest.mark.parametrize(
    "params",
    [{"limit": 101}, {"status": "lost"}, {"verdict": "healthy"}, {"from": "yesterday"}, {"to": "2026-01-01T00:00"}],
)
def test_a_list_asked_for_wrongly(doctor: httpx.Client, params: dict[str, Any]) -> None:
    assert doctor.get("/api/scans", params=params).status_code == 422
