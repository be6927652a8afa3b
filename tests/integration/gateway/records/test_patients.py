"""Patients over real HTTP on a real PostgreSQL."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

ANNA = {"first_name": "Анна", "last_name": "Ёлкина", "description": "cough\nsince May"}


def create_patient(client: httpx.Client, **values: Any) -> dict[str, Any]:
    answer = client.post("/api/patients", json=ANNA | values)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_patient_is_created_read_changed_and_deleted(radiologist: httpx.Client) -> None:
    made = radiologist.post("/api/patients", json=ANNA)
    path = made.headers["location"]
    assert (made.status_code, made.headers["etag"], path) == (201, '"1"', f"/api/patients/{made.json()['id']}")

    read = radiologist.get(path)
    assert (read.json(), read.headers["etag"]) == (made.json(), '"1"')
    assert read.json() | ANNA == read.json()
    assert (read.json()["scans"], read.json()["last_verdict"], read.json()["pseudonymised"]) == (0, None, False)

    changed = radiologist.put(path, json={"description": None})
    assert (changed.status_code, changed.headers["etag"], changed.json()["description"]) == (200, '"2"', None)
    assert changed.json()["first_name"] == "Анна"
    assert changed.json()["updated_at"] > made.json()["updated_at"]

    assert radiologist.delete(path).status_code == 204
    assert [call(path).status_code for call in (radiologist.get, radiologist.delete)] == [404, 404]


def test_an_old_version_does_not_overwrite_a_newer_one(radiologist: httpx.Client) -> None:
    path = f"/api/patients/{create_patient(radiologist)['id']}"
    first = radiologist.put(path, json={"last_name": "Petrova"}, headers={"If-Match": '"1"'})
    late = radiologist.put(path, json={"last_name": "Ivanova"}, headers={"If-Match": '"1"'})

    assert (first.status_code, late.status_code, late.json()["error"]) == (200, 412, "precondition_failed")
    assert radiologist.get(path).json()["last_name"] == "Petrova"


@pytest.mark.parametrize(
    ("tag", "status"),
    [("*", 200), ('"7", "1"', 200), ('W/"1"', 412), ('"one"', 412), ("1", 412), ("", 412), ('"9999999999999"', 412)],
)
def test_if_match_follows_rfc_9110(radiologist: httpx.Client, tag: str, status: int) -> None:
    path = f"/api/patients/{create_patient(radiologist)['id']}"
    assert radiologist.put(path, json={"last_name": "X"}, headers={"If-Match": tag}).status_code == status


@pytest.mark.parametrize(
    ("values", "detail"),
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
def test_invalid_names_are_refused(radiologist: httpx.Client, values: dict[str, Any], detail: str) -> None:
    answer = radiologist.post("/api/patients", json=ANNA | values)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request")
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"first_name": "A"}', b'{"first_name": "\\ud800"}']
)
def test_an_incomplete_patient_is_refused(radiologist: httpx.Client, body: bytes) -> None:
    answer = radiologist.post("/api/patients", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"first_name": null}', b'{"name": "A"}'])
def test_an_empty_change_is_refused(radiologist: httpx.Client, body: bytes) -> None:
    path = f"/api/patients/{create_patient(radiologist)['id']}"
    answer = radiologist.put(path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, radiologist.get(path).headers["etag"]) == (422, '"1"')


def test_right_to_left_names_are_accepted(radiologist: httpx.Client) -> None:
    assert create_patient(radiologist, first_name="שרה", last_name="الخوارزمي")["last_name"] == "الخوارزمي"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_and_malformed_ids_and_those_of_another_institution(
    radiologist: httpx.Client, other_institution: httpx.Client, method: str
) -> None:
    foreign = f"/api/patients/{create_patient(radiologist)['id']}"
    unknown = f"/api/patients/{uuid4()}"
    answers = [other_institution.request(method, path, json={"last_name": "X"}) for path in (foreign, unknown)]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(404, "not_found")] * 2
    assert other_institution.request(method, "/api/patients/4711", json={"last_name": "X"}).status_code == 422
    assert radiologist.get(foreign).headers["etag"] == '"1"'


def test_the_list_is_newest_first_and_its_pages_are_disjoint(radiologist: httpx.Client) -> None:
    made = [create_patient(radiologist, description="for paging")["id"] for _ in range(7)]
    pages = [
        radiologist.get("/api/patients/", params={"q": "FOR paging", "limit": 3, "offset": n}).json() for n in (0, 3, 6)
    ]
    assert [item["id"] for page in pages for item in page["items"]] == made[::-1]
    assert [(page["total"], page["limit"], page["offset"]) for page in pages] == [(7, 3, 0), (7, 3, 3), (7, 3, 6)]
    past = radiologist.get("/api/patients", params={"q": "for paging", "offset": 2**31 - 1}).json()
    assert (past["items"], past["total"]) == ([], 7)


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"sort": "age"}, {"q": "\x00"}, {"q": ""}]
)
def test_invalid_list_parameters_are_refused(radiologist: httpx.Client, params: dict[str, Any]) -> None:
    assert radiologist.get("/api/patients", params=params).status_code == 422


def test_search_in_names_and_descriptions_is_literal(radiologist: httpx.Client) -> None:
    create_patient(radiologist, first_name="Senna", last_name="Brändt", description="100% sure \\ of it")
    for words in ("senna brändt", "BRÄNDT SENNA", "100%", "sure \\ of", "%"):
        assert [item["last_name"] for item in _found(radiologist, words)] == ["Brändt"], words
    for words in ("_", "1%0", "nobody", "\\\\"):
        assert _found(radiologist, words) == [], words


def test_sorted_by_name(radiologist: httpx.Client) -> None:
    for name in ("Zeta", "Alpha", "Mu"):
        create_patient(radiologist, last_name=name, description="by name")
    listed = radiologist.get("/api/patients", params={"q": "by name", "sort": "name"}).json()["items"]
    assert [item["last_name"] for item in listed] == ["Alpha", "Mu", "Zeta"]


def test_a_researcher_sees_and_finds_stable_pseudonyms_only(
    radiologist: httpx.Client, researcher: httpx.Client
) -> None:
    made = create_patient(radiologist, last_name="Geheimnis", description="lives in Weimar")
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


def test_a_researcher_cannot_change_a_patient(radiologist: httpx.Client, researcher: httpx.Client) -> None:
    path = f"/api/patients/{create_patient(radiologist)['id']}"
    assert researcher.put(path, json={"last_name": "X"}).status_code == 403
    assert researcher.delete(path).status_code == 403
    assert researcher.post("/api/patients", json=ANNA).status_code == 403


def _found(client: httpx.Client, words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/patients", params={"q": words}).json()["items"]
    return found
