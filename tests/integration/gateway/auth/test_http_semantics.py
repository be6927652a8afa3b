"""Methods and parameters of calls: what a call does not declare has no effect."""

from collections.abc import Iterator

import httpx
import pytest

from gateway.permissions import Role
from tests.integration.gateway.auth.api_calls import bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.fixture
def admin(oidc_gateway: RunningGateway, database_url: str) -> Iterator[httpx.Client]:
    with oidc_gateway.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/api/patients", "/auth/login", "/inference/predict", "/healthz"])
@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "CONNECT"])
def test_methods_that_no_call_declares_are_refused(admin: httpx.Client, path: str, method: str) -> None:
    answer = admin.request(method, path, headers={"X-Echo": "my-secret"})
    refusal = (400, "malformed_request") if method == "CONNECT" else (405, "method_not_allowed")  # no proxy
    assert problem(answer) == refusal
    assert "my-secret" not in answer.text


def test_a_field_that_the_call_does_not_declare_is_not_stored(admin: httpx.Client) -> None:
    """Mass assignment: neither the institution nor the id nor the version comes from the body."""
    foreign = {"institution": "another", "id": "00000000-0000-0000-0000-000000000000", "version": 77, "scans": 5}
    names = {"first_name": "Ada", "last_name": "Muster"}
    made = admin.post("/api/patients", json=names | foreign).json()
    assert made["id"] != foreign["id"]
    assert admin.put(f"/api/patients/{made['id']}", json={"first_name": "Eva"} | foreign).status_code == 200
    read = admin.get(f"/api/patients/{made['id']}").json()
    assert (read["id"], read["first_name"], read["scans"]) == (made["id"], "Eva", 0)
    token = admin.post("/api/tokens", json={"name": "x", "role": "researcher", "created_by": "me"} | foreign).json()
    assert (token["institution"], token["created_by"] == "me") == (admin.get("/api/me").json()["institution"], False)


def test_a_parameter_is_read_from_its_declared_place_only(admin: httpx.Client) -> None:
    """Parameter pollution: a query does not fill a body's field, and each value of a repeated one is checked alone."""
    assert problem(admin.post("/api/patients?first_name=Ada&last_name=Muster", json={})) == (422, "invalid_request")
    page = admin.get("/api/patients", params=[("limit", "100"), ("limit", "1")])
    assert (page.status_code, page.json()["limit"]) == (200, 1)
    assert problem(admin.get("/api/patients", params=[("limit", "1"), ("limit", "100000")]))[0] == 422
    assert problem(admin.get("/api/scans", params=[("status", "done"), ("status", "bad")]))[0] == 422
