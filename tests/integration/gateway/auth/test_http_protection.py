"""Protection of all calls: headers, limits of bodies, rate limits, other origins, proxies."""

from collections.abc import Iterator

import pytest

from gateway.auth.rate_limit import rate_limit_key
from gateway.permissions import Role
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
        json_body_bytes=1000,
    ) as running:
        yield running


def test_security_headers(local_gateway: RunningGateway) -> None:
    with local_gateway.client() as client:
        headers = client.get("/api/me").headers
        docs = client.get("/docs").headers["content-security-policy"]
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
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
        assert 1 <= int(answer.headers["Retry-After"]) <= 60


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
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-turnstile=")
    assert "Secure" in cookie


@pytest.mark.parametrize(
    ("address", "key"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("", ""), ("socket", "socket")],
)
def test_ipv6_addresses_of_one_subscriber_share_a_rate_limit_key(address: str, key: str) -> None:
    assert rate_limit_key(address) == key


def test_no_secret_has_a_default() -> None:
    secret = [name for name, field in Settings.model_fields.items() if "secret" in name or "password" in name]
    assert secret
    assert all(Settings.model_fields[name].default is None for name in secret)
