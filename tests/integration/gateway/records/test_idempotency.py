"""Idempotency-Key: a repeated request is executed once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.database.connection import Database
from gateway.idempotency.store import IdempotencyKey, lock_and_find, remember
from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import problem

ANNA = {"first_name": "Anna", "last_name": "Once"}


def post(client: httpx.Client, key: str, **values: Any) -> httpx.Response:
    return client.post("/api/patients", json=ANNA | values, headers={"Idempotency-Key": key})


def test_the_same_request_has_the_same_answer_and_makes_one_patient(radiologist: httpx.Client) -> None:
    key, name = uuid4().hex, uuid4().hex
    first, second = post(radiologist, key, last_name=name), post(radiologist, key, last_name=name)
    for part in ("location", "etag", "content-type"):
        assert first.headers[part] == second.headers[part]
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert total(radiologist, name) == 1


def test_another_request_under_the_same_key_is_refused(radiologist: httpx.Client) -> None:
    key = uuid4().hex
    assert post(radiologist, key).status_code == 201
    answer = post(radiologist, key, first_name="Eva")
    assert (answer.status_code, answer.json()["error"]) == (422, "idempotency_mismatch")


def test_a_key_is_its_principals_own(radiologist: httpx.Client, client_for: Any) -> None:
    key, name = uuid4().hex, uuid4().hex
    with client_for(Role.RADIOLOGIST) as colleague:
        assert {post(client, key, last_name=name).status_code for client in (radiologist, colleague)} == {201}
    assert total(radiologist, name) == 2


def test_a_refused_request_may_be_corrected_with_the_same_key(radiologist: httpx.Client) -> None:
    key = uuid4().hex
    assert post(radiologist, key, first_name="").status_code == 422
    assert post(radiologist, key).status_code == 201


def test_concurrent_requests_create_one_patient(radiologist: httpx.Client) -> None:
    key, name = uuid4().hex, uuid4().hex
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(radiologist, key, last_name=name), range(8)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    assert {answer.json()["error"] for answer in answers if answer not in made} <= {"idempotency_busy"}
    assert total(radiologist, name) == 1


def test_a_repeated_request_gets_the_record_as_it_is(radiologist: httpx.Client) -> None:
    key = uuid4().hex
    first = post(radiologist, key)
    assert radiologist.put(first.headers["location"], json={"last_name": "Changed"}).status_code == 200
    second = post(radiologist, key)
    assert (second.status_code, second.json()["last_name"]) == (201, "Changed")
    assert second.headers["etag"] != first.headers["etag"]


def test_what_was_deleted_is_not_created_again(radiologist: httpx.Client) -> None:
    key, name = uuid4().hex, uuid4().hex
    made = post(radiologist, key, last_name=name)
    assert radiologist.delete(made.headers["location"]).status_code == 204
    assert problem(post(radiologist, key, last_name=name)) == (410, "record_deleted")
    assert problem(post(radiologist, key, last_name="another")) == (410, "record_deleted")
    assert total(radiologist, name) == 0


async def test_the_institution_is_part_of_the_key(database: Database) -> None:
    """The same principal in another institution, as a person whose claim has changed."""
    here, there = (IdempotencyKey(name, "oidc:https://login#u-1", "k", "f") for name in ("st-anna", "elsewhere"))
    async with database.transaction() as session:
        record = uuid4()
        await remember(session, here, record)
        assert await lock_and_find(session, here) == record
        assert await lock_and_find(session, there) is None


@pytest.mark.parametrize("key", ["", "k" * 201, "a b"])
def test_an_invalid_key_is_refused(radiologist: httpx.Client, key: str) -> None:
    assert post(radiologist, key).status_code == 422


def total(client: httpx.Client, words: str) -> int:
    found: int = client.get("/api/patients", params={"q": words}).json()["total"]
    return found
