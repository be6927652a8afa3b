"""Protection of all calls: headers, limits of bodies, rate limits, other origins, proxies."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.permissions import Role
from gateway.rate_limits.client_network import client_network
from gateway.settings.settings import Settings
from tests.integration.gateway.auth.api_calls import bearer, gateway_without_networks, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway

PARTNER = "https://partner.example"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[RunningGateway]:
    """A gateway behind a proxy on this machine, with one allowed origin and low limits."""
    with gateway_without_networks(
        tmp_path_factory.mktemp("strict"),
        database_url,
        local_admin=False,
        trusted_proxies=("127.0.0.1",),
        allowed_origins=(PARTNER,),
        sign_in_rate="3 per minute",
        upload_rate="2 per minute",
        account_rate="4 per minute",
        refusal_rate="5 per minute",
        list_rate="3 per minute",
        json_body_bytes=1000,
    ) as running:
        yield running


def test_security_headers(local_gateway: RunningGateway) -> None:
    with local_gateway.client() as client:
        headers = client.get("/api/me").headers
        docs = client.get("/docs").headers["content-security-policy"]
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers, "http cannot promise https"
    assert docs == headers["content-security-policy"], "the API description needs no other host and no inline script"


def test_other_origins_get_no_cors_header(local_gateway: RunningGateway) -> None:
    with local_gateway.client() as client:
        answer = client.get("/healthz", headers={"Origin": PARTNER})
    assert "access-control-allow-origin" not in answer.headers


def test_an_allowed_origin_gets_cors_without_credentials(strict: RunningGateway, database_url: str) -> None:
    with strict.client(headers={"Origin": PARTNER} | bearer(make_token(database_url, Role.ADMIN))) as client:
        answer = client.get("/api/me")
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PARTNER)
        assert "access-control-allow-credentials" not in answer.headers
        other = client.get("/api/me", headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("declared", [True, False])
def test_a_too_long_body_is_refused(strict: RunningGateway, database_url: str, declared: bool) -> None:
    body = b'{"name": "' + b"x" * 2000 + b'", "role": "admin"}'
    headers = bearer(make_token(database_url, Role.ADMIN)) | {"Content-Type": "application/json"}
    with strict.client(headers=headers) as client:
        answer = client.post("/api/tokens", content=body if declared else iter([body[:900], body[900:]]))
    assert problem(answer)[0] == 413


def test_refused_credentials_are_counted_for_each_address(strict: RunningGateway, database_url: str) -> None:
    guess = bearer("ts_guess")
    with strict.client() as client:

        def from_(address: str, headers: dict[str, str]) -> int:
            return client.get("/api/me", headers={"X-Forwarded-For": address} | headers).status_code

        assert [from_("198.51.100.1", guess) for _ in range(5)] == [401, 401, 401, 429, 429]
        assert from_("198.51.100.2", guess) == 401, "each address is counted on its own"
        assert from_("198.51.100.1", bearer(make_token(database_url, Role.ADMIN))) == 200, (
            "a valid token is not limited"
        )
        answer = client.get("/api/me", headers={"X-Forwarded-For": "198.51.100.1"} | guess)
        assert problem(answer) == (429, "too_many_requests")
        assert 1 <= int(answer.headers["Retry-After"]) <= 120, (
            "the window slides: what came at its end counts in the next"
        )


def test_guesses_at_one_account_are_counted_over_all_addresses(strict: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.RADIOLOGIST)
    guess = bearer(token[:-1] + ("A" if token[-1] != "A" else "B"))
    with strict.client() as client:

        def from_(number: int, headers: dict[str, str]) -> int:
            return client.get("/api/me", headers={"X-Forwarded-For": f"203.0.113.{number}"} | headers).status_code

        assert [from_(number, guess) for number in range(6)] == [401] * 4 + [429] * 2
        assert from_(0, bearer(token)) == 200, "the owner is not locked out"
        assert from_(0, bearer("ts_guess")) == 401, "nor does the account's limit lock an address"


def test_visits_are_no_guesses(strict: RunningGateway, database_url: str) -> None:
    """Neither logins that were only started nor calls with an ended session lock the sign-ins of their address."""
    address = {"X-Forwarded-For": "198.51.100.8"}
    with strict.client(headers=address) as client, strict.client(headers=address, cookies={"turnstile": "x"}) as ended:
        assert {client.get("/auth/login").status_code for _ in range(40)} == {404}
        assert {ended.get("/api/me").status_code for _ in range(40)} == {401}
        assert client.post("/auth/token", json={"token": "ts_x"}).status_code == 401, "a first guess is answered"
        token = {"token": make_token(database_url, Role.RADIOLOGIST)}
        assert client.post("/auth/token", json=token).status_code == 204


def test_refusals_that_are_no_guesses_are_recorded_up_to_a_limit(strict: RunningGateway, database_url: str) -> None:
    with strict.client(headers={"X-Forwarded-For": "198.51.100.10"}, cookies={"turnstile": "x"}) as ended:
        for _ in range(10):
            ended.get("/api/me")
    with psycopg.connect(database_url) as connection:
        query = "SELECT count(*) FROM audit_events WHERE address = '198.51.100.10'"
        assert connection.execute(query).fetchone() == (5,)


def test_two_gateways_count_guesses_together(strict: RunningGateway, tmp_path: Path, database_url: str) -> None:
    settings: dict[str, Any] = {"local_admin": False, "trusted_proxies": ("127.0.0.1",), "sign_in_rate": "3 per minute"}
    headers = {"X-Forwarded-For": "198.51.100.11"} | bearer("ts_guess")
    with (
        gateway_without_networks(tmp_path, database_url, **settings) as second,
        strict.client(headers=headers) as one,
        second.client(headers=headers) as other,
    ):
        answers = [client.get("/api/me").status_code for client in (one, other) * 3]
    assert answers == [401] * 3 + [429] * 3


def test_lists_and_refused_calls_of_a_principal_are_counted(strict: RunningGateway, database_url: str) -> None:
    """Each call with the parameter `limit`, as the API's description has them."""
    with strict.client() as client:
        described = client.get("/openapi.json").json()["paths"]
    lists = [path for path, calls in described.items() if "limit" in _parameters(calls.get("get", {}))]
    assert {"/api/patients", "/api/scans", "/api/tokens", "/api/audit", "/api/feedback"} <= set(lists)
    for path in lists:
        with strict.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
            answers = [client.get(re.sub("{.*?}", "1.2", path)) for _ in range(4)]
            *allowed, last = [answer.status_code for answer in answers]
            assert set(allowed) <= {200, 204, 404}, path  # QIDO-RS answers 204 for nothing found
            assert last == 429, path
            assert 1 <= int(answers[-1].headers["Retry-After"]) <= 120
            assert client.get("/api/me").status_code == 200
    with strict.client(headers=bearer(make_token(database_url, Role.RADIOLOGIST))) as client:
        assert [client.get("/api/tokens").status_code for _ in range(3)] == [403, 429, 429]


def _parameters(call: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in call.get("parameters", [])}


def test_sign_ins_are_counted(strict: RunningGateway) -> None:
    with strict.client(headers={"X-Forwarded-For": "198.51.100.7"}) as client:
        answers = [client.post("/auth/token", json={"token": "ts_x"}).status_code for _ in range(4)]
    assert answers == [401, 401, 401, 429]


def test_uploads_are_counted_for_each_principal(strict: RunningGateway, database_url: str) -> None:
    one, other = (bearer(make_token(database_url, Role.RADIOLOGIST)) for _ in range(2))
    with strict.client() as client:
        answers = [client.post("/inference/predict", headers=one).status_code for _ in range(3)]
        assert answers[2] == 429
        assert 429 not in answers[:2]
        assert client.post("/inference/predict", headers=other).status_code != 429


def test_the_audit_has_the_client_s_address_behind_a_trusted_proxy(strict: RunningGateway, database_url: str) -> None:
    with strict.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        client.get("/api/tokens", headers={"X-Forwarded-For": "198.51.100.44"})
        (event,) = client.get("/api/audit", params={"limit": 1}).json()["items"]
    assert event["address"] == "198.51.100.44"


def test_a_forwarded_address_is_ignored_without_a_trusted_proxy(
    local_gateway: RunningGateway, database_url: str
) -> None:
    with local_gateway.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        client.get("/api/tokens", headers={"X-Forwarded-For": "198.51.100.44"})
        (event,) = client.get("/api/audit", params={"limit": 1}).json()["items"]
    assert event["address"] == "127.0.0.1"


def test_https_sets_secure_cookies_and_hsts(strict: RunningGateway, database_url: str) -> None:
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.9", "Host": "turnstile.example"}
    with strict.client(headers=proxied | {"Origin": "https://turnstile.example"}) as client:
        answer = client.post("/auth/token", json={"token": make_token(database_url, Role.RADIOLOGIST)})
        assert answer.status_code == 204
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-turnstile=")
    assert "Secure" in cookie


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
        ("socket", "socket"),
    ],
)
def test_ipv6_addresses_of_one_subscriber_share_a_client_network(address: str, key: str) -> None:
    assert client_network(address) == key


def test_no_secret_has_a_default() -> None:
    secret = [name for name, field in Settings.model_fields.items() if "secret" in name or "password" in name]
    assert secret
    assert all(Settings.model_fields[name].default is None for name in secret)
