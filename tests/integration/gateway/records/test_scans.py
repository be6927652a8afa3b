"""Scans over real HTTP on a real PostgreSQL."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.gateway.records.stored_scans import StoredScans
from tests.integration.gateway.records.test_patients import create_patient

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


def test_a_scan_has_its_file_patient_and_result(radiologist: httpx.Client, stored_scans: StoredScans) -> None:
    patient = create_patient(radiologist)
    scan = stored_scans.scan(patient["id"], b"four", file_name='a "quoted" имя.zip', description="first look", **READ)
    answer = radiologist.get(f"/api/scans/{scan}")
    scan_json = answer.json()

    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert scan_json["patient"] == {"first_name": "Анна", "last_name": "Ёлкина", "pseudonymised": False}
    assert (scan_json["file_name"], scan_json["file_size"], scan_json["description"]) == (
        'a "quoted" имя.zip',
        4,
        "first look",
    )
    assert (scan_json["verdict"], scan_json["probability_of_pathology"]) == ("pathology", 0.8)
    assert (scan_json["most_dangerous_pathology_type"], scan_json["study_uid"]) == ("Lung nodule", "2.25.77")
    assert (scan_json["progress"], scan_json["analysis_id"], scan_json["error"]) == (None, None, None)
    seen = radiologist.get(f"/api/patients/{patient['id']}").json()
    assert (seen["scans"], seen["last_verdict"], seen["last_probability"]) == (1, "pathology", 0.8)


def test_the_scans_of_a_patient_are_newest_first_and_pages_are_disjoint(
    radiologist: httpx.Client, stored_scans: StoredScans
) -> None:
    patient = create_patient(radiologist)["id"]
    made = [stored_scans.scan(patient) for _ in range(5)]
    pages = [listed(radiologist, patient_id=patient, limit=2, offset=n) for n in (0, 2, 4, 6)]
    assert [scan for page in pages for scan in ids(page)] == made[::-1]
    assert {page["total"] for page in pages} == {5}


def test_filters_by_status_and_verdict_do_not_change_the_counts(
    radiologist: httpx.Client, stored_scans: StoredScans
) -> None:
    patient = create_patient(radiologist)["id"]
    results: list[dict[str, Any]] = [
        {"status": "received"},
        {"status": "queued"},
        {"status": "done", "verdict": "normal", "probability": 0.1},
        {"status": "done", "verdict": "pathology", "probability": 0.6},
        {"status": "done", "verdict": "pathology", "probability": 0.9},
        {"status": "failed", "verdict": "not_analysed", "error": "no_lung"},
    ]
    made = [stored_scans.scan(patient, **result) for result in results]

    page = listed(radiologist, patient_id=patient, verdict=["normal", "pathology"])
    assert (ids(page), page["total"]) == ([made[4], made[3], made[2]], 3)
    assert ids(listed(radiologist, patient_id=patient, status="done", verdict="normal")) == [made[2]]
    by_suspicion = listed(radiologist, patient_id=patient, sort="probability")
    assert ids(by_suspicion) == [made[4], made[3], made[5], made[2], made[1], made[0]]
    counts = {"all": 6, "pathology": 2, "not_analysed": 1, "normal": 1, "in_work": 1, "unscreened": 1}
    assert page["counts"] == by_suspicion["counts"] == counts


def test_filter_by_time(radiologist: httpx.Client, stored_scans: StoredScans) -> None:
    patient = create_patient(radiologist)["id"]
    scan = stored_scans.scan(patient)
    at = datetime.fromisoformat(radiologist.get(f"/api/scans/{scan}").json()["created_at"])
    later = at + timedelta(microseconds=1)
    assert ids(listed(radiologist, patient_id=patient, **{"from": at.isoformat(), "to": later.isoformat()})) == [scan]
    assert ids(listed(radiologist, patient_id=patient, **{"from": later.isoformat()})) == []
    assert ids(listed(radiologist, patient_id=patient, to=at.isoformat())) == []


def test_search_covers_the_names_of_patients(radiologist: httpx.Client, stored_scans: StoredScans) -> None:
    scan = stored_scans.scan(
        create_patient(radiologist, last_name="Wiederfund")["id"], file_name="ct_100%.zip", study_uid="2.25.4711"
    )
    for words in ("wiederFUND", "CT_100%", "2.25.4711", "Wiederfund Анна"):
        assert ids(listed(radiologist, q=words)) == [scan], words
    assert ids(listed(radiologist, q="ct%100")) == []


def test_a_scan_is_found_by_its_patients_current_name(radiologist: httpx.Client, stored_scans: StoredScans) -> None:
    patient = create_patient(radiologist, last_name="Vorname")["id"]
    scan = stored_scans.scan(patient)
    assert radiologist.put(f"/api/patients/{patient}", json={"last_name": "Nachname"}).status_code == 200
    assert (ids(listed(radiologist, q="vorname")), ids(listed(radiologist, q="nachname"))) == ([], [scan])


def test_a_researcher_sees_neither_name_nor_file_name_nor_description(
    radiologist: httpx.Client, researcher: httpx.Client, stored_scans: StoredScans
) -> None:
    patient = create_patient(radiologist, last_name="Heimlich")
    scan = stored_scans.scan(
        patient["id"], file_name="Heimlich.zip", description="Heimlich's knee", study_uid="2.25.815"
    )
    seen = researcher.get(f"/api/scans/{scan}").json()
    pseudonym = researcher.get(f"/api/patients/{patient['id']}").json()["last_name"]

    assert (seen["file_name"], seen["description"]) == (None, None)
    assert seen["patient"] == {"first_name": "", "last_name": pseudonym, "pseudonymised": True}
    assert ids(listed(researcher, q="heimlich")) == []
    assert ids(listed(researcher, q=pseudonym)) == ids(listed(researcher, q="2.25.815")) == [scan]
    assert "eimlich" not in researcher.get("/api/scans").text


def test_a_description_is_not_overwritten_from_an_old_version(
    radiologist: httpx.Client, stored_scans: StoredScans
) -> None:
    path = f"/api/scans/{stored_scans.scan(create_patient(radiologist)['id'])}"
    changed = radiologist.put(path, json={"description": "follow-up"}, headers={"If-Match": '"1"'})
    late = radiologist.put(path, json={"description": "other"}, headers={"If-Match": '"1"'})
    assert (changed.json()["description"], changed.headers["etag"], late.status_code) == ("follow-up", '"2"', 412)
    assert radiologist.put(path, json={}).status_code == 422
    assert radiologist.put(path, json={"description": None}).json()["description"] is None


def test_a_blob_exists_until_its_last_scan_is_deleted(radiologist: httpx.Client, stored_scans: StoredScans) -> None:
    content = uuid4().bytes
    patient = create_patient(radiologist)["id"]
    first, second = stored_scans.scan(patient, content), stored_scans.scan(create_patient(radiologist)["id"], content)
    assert radiologist.delete(f"/api/patients/{patient}").status_code == 204
    assert radiologist.get(f"/api/scans/{first}").status_code == 404
    assert stored_scans.has_blob(content)
    assert radiologist.delete(f"/api/scans/{second}").status_code == 204
    assert not stored_scans.has_blob(content)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_and_malformed_ids_and_those_of_another_institution(
    radiologist: httpx.Client, other_institution: httpx.Client, stored_scans: StoredScans, method: str
) -> None:
    foreign = f"/api/scans/{stored_scans.scan(create_patient(radiologist)['id'])}"
    answers = [
        other_institution.request(method, path, json={"description": ""}) for path in (foreign, f"/api/scans/{uuid4()}")
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(404, "not_found")] * 2
    assert other_institution.request(method, "/api/scans/x", json={"description": ""}).status_code == 422
    assert listed(other_institution)["total"] == 0
    assert radiologist.get(foreign).status_code == 200


@pytest.mark.parametrize(
    "params",
    [{"limit": 101}, {"status": "lost"}, {"verdict": "healthy"}, {"from": "yesterday"}, {"to": "2026-01-01T00:00"}],
)
def test_invalid_list_parameters_are_refused(radiologist: httpx.Client, params: dict[str, Any]) -> None:
    assert radiologist.get("/api/scans", params=params).status_code == 422
