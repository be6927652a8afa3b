"""Patients over real HTTP on a real PostgreSQL."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

ANNA = {"first_name": "Анна", "last_name": "Ёлкина", "description": "cough\nsince May"}


def make(client: httpx.Client, **values: Any) -> dict[str, Any]:
    answer = client.post("/api/patients", json=ANNA | values)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_patient_is_made_read_changed_and_deleted(doctor: httpx.Client) -> None:
    made = doctor.post("/api/patients", json=ANNA)
    where = made.headers["location"]
    assert (made.status_code, made.headers["etag"], where) == (201, '"1"', f"/api/patients/{made.json()['id']}")

    read = doctor.get(where)
    assert (read.json(), read.headers["etag"]) == (made.json(), '"1"')
    assert read.json() | ANNA == read.json()
    assert (read.json()["scans"], read.json()["last_verdict"], read.json()["pseudonymised"]) == (0, None, False)

    changed = doctor.put(where, json={"description": None})
    assert (changed.status_code, changed.headers["etag"], changed.json()["description"]) == (200, '"2"', None)
    assert changed.json()["first_name"] == "Анна"
    assert changed.json()["updated_at"] > made.json()["updated_at"]

    assert doctor.delete(where).status_code == 204
    assert [call(where).status_code for call in (doctor.get, doctor.delete)] == [404, 404]


def test_who_read_an_old_version_does_not_overwrite_a_newer_one(doctor: httpx.Client) -> None:
    where = f"/api/patients/{make(doctor)['id']}"
    first = doctor.put(where, json={"last_name": "Petrova"}, headers={"If-Match": '"1"'})
    late = doctor.put(where, json={"last_name": "Ivanova"}, headers={"If-Match": '"1"'})

    assert (first.status_code, late.status_code, late.json()["error"]) == (200, 412, "precondition_failed")
    assert doctor.get(where).json()["last_name"] == "Petrova"


@pytest.mark.parametrize(
    ("tag", "status"),
    [("*", 200), ('"7", "1"', 200), ('W/"1"', 412), ('"one"', 412), ("1", 412), ("", 412), ('"9999999999999"', 412)],
)
def test_if_match_is_read_as_the_standard_says(doctor: httpx.Client, tag: str, status: int) -> None:
    where = f"/api/patients/{make(doctor)['id']}"
    assert doctor.put(where, json={"last_name": "X"}, headers={"If-Match": tag}).status_code == status


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"first_name": "x" * 10_000}, "200"),
        ({"last_name": "x\x00y"}, "printable"),
        ({"last_name": "\u202eavonavI"}, "printable"),
        ({"last_name": "a\u2066b"}, "printable"),
        ({"last_name": ""}, "at least 1"),
        ({"last_name": "   "}, "at least 1"),
        ({"last_name": None}, "string"),
        ({"description": "x" * 10_000}, "2000"),
        ({"description": "\x00"}, "printable"),
    ],
)
def test_names_that_no_person_has_are_refused(doctor: httpx.Client, values: dict[str, Any], told: str) -> None:
    answer = doctor.post("/api/patients", json=ANNA | values)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request")
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"first_name": "A"}', b'{"first_name": "\\ud800"}']
)
def test_half_a_patient_is_none(doctor: httpx.Client, body: bytes) -> None:
    answer = doctor.post("/api/patients", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"first_name": null}', b'{"name": "A"}'])
def test_a_change_of_nothing_is_refused(doctor: httpx.Client, body: bytes) -> None:
    where = f"/api/patients/{make(doctor)['id']}"
    answer = doctor.put(where, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, doctor.get(where).headers["etag"]) == (422, '"1"')


def test_names_from_right_to_left_are_names(doctor: httpx.Client) -> None:
    assert make(doctor, first_name="שרה", last_name="الخوارزمي")["last_name"] == "الخوارزمي"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_foreign_and_malformed_ids(doctor: httpx.Client, stranger: httpx.Client, method: str) -> None:
    foreign = f"/api/patients/{make(doctor)['id']}"
    unknown = f"/api/patients/{uuid4()}"
    answers = [stranger.request(method, where, json={"last_name": "X"}) for where in (foreign, unknown)]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(404, "not_found")] * 2
    assert stranger.request(method, "/api/patients/4711", json={"last_name": "X"}).status_code == 422
    assert doctor.get(foreign).headers["etag"] == '"1"'


def test_the_list_is_newest_first_and_its_pages_meet(doctor: httpx.Client) -> None:
    made = [make(doctor, description="for paging")["id"] for _ in range(7)]
    pages = [
        doctor.get("/api/patients/", params={"q": "FOR paging", "limit": 3, "offset": n}).json() for n in (0, 3, 6)
    ]
    assert [item["id"] for page in pages for item in page["items"]] == made[::-1]
    assert [(page["total"], page["limit"], page["offset"]) for page in pages] == [(7, 3, 0), (7, 3, 3), (7, 3, 6)]
    past = doctor.get("/api/patients", params={"q": "for paging", "offset": 2**31 - 1}).json()
    assert (past["items"], past["total"]) == ([], 7)


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"sort": "age"}, {"q": "\x00"}, {"q": ""}]
)
def test_a_list_asked_for_wrongly(doctor: httpx.Client, params: dict[str, Any]) -> None:
    assert doctor.get("/api/patients", params=params).status_code == 422


def test_words_are_found_in_names_and_descriptions_and_mean_themselves(doctor: httpx.Client) -> None:
    make(doctor, first_name="Senna", last_name="Brändt", description="100% sure \\ of it")
    for words in ("senna brändt", "BRÄNDT SENNA", "100%", "sure \\ of", "%"):
        assert [item["last_name"] for item in _found(doctor, words)] == ["Brändt"], words
    for words in ("_", "1%0", "nobody", "\\\\"):
        assert _found(doctor, words) == [], words


def test_by_name(doctor: httpx.Client) -> None:
    for name in ("Zeta", "Alpha", "Mu"):
        make(doctor, last_name=name, description="by name")
    listed = doctor.get("/api/patients", params={"q": "by name", "sort": "name"}).json()["items"]
    assert [item["last_name"] for item in listed] == ["Alpha", "Mu", "Zeta"]


def test_the_researcher_sees_a_pseudonym_that_stays_and_finds_by_nothing_else(
    doctor: httpx.Client, researcher: httpx.Client
) -> None:
    made = make(doctor, last_name="Geheimnis", description="lives in Weimar")
    seen = researcher.get(f"/api/patients/{made['id']}").json()
    assert (seen["first_name"], seen["description"], seen["pseudonymised"]) == ("", None, True)
    assert seen["last_name"].startswith("P-")
    assert researcher.get(f"/api/patients/{made['id']}").json() == seen

    for words in ("Geheimnis", "Weimar", "Анна"):
        assert researcher.get("/api/patients", params={"q": words}).json()["total"] == 0
    assert [item["id"] for item in _found(researcher, seen["last_name"].lower())] == [made["id"]]
    by_name = researcher.get("/api/patients", params={"sort": "name", "limit": 100}).json()["items"]
    assert [item["last_name"] for item in by_name] == sorted(item["last_name"] for item in by_name)
    assert "Geheimnis" not in researcher.get("/api/patients").text


def test_the_researcher_changes_nothing(doctor: httpx.Client, researcher: httpx.Client) -> None:
    where = f"/api/patients/{make(doctor)['id']}"
    assert researcher.put(where, json={"last_name": "X"}).status_code == 403
    assert researcher.delete(where).status_code == 403
    assert researcher.post("/api/patients", json=ANNA).status_code == 403


def _found(client: httpx.Client, words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/patients", params={"q": words}).json()["items"]
    return found
