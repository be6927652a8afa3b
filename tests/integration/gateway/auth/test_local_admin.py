"""Without a login a local request is the local admin, but no request that another page makes the browser send."""

import asyncio

import pytest

from gateway.auth.authentication import LoginNotConfigured, open_authentication
from gateway.database.connection import Database
from gateway.permissions import Role
from gateway.rate_limits.rate_limit import RateLimits
from gateway.settings.auth import AuthSettings, is_loopback
from tests.integration.gateway.auth.api_calls import bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway
from tests.postgres import RunningPostgres


def test_a_request_without_credentials_is_the_local_admin(local_gateway: RunningGateway) -> None:
    with local_gateway.client() as client:
        me = client.get("/api/me").json()
    assert (me["role"], me["sign_in"], me["institution"]) == ("admin", "local", "st-anna")


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LOCALHOST:{}"])
def test_loopback_host_names_are_accepted(local_gateway: RunningGateway, host: str) -> None:
    with local_gateway.client(headers={"Host": host.format(local_gateway.url.rpartition(":")[2])}) as client:
        assert client.get("/api/me").status_code == 200


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"Host": "rebound.evil.example"}, (401, "not_signed_in")),
        ({"Host": "127.0.0.1.evil.example:80"}, (401, "not_signed_in")),
        ({"Host": "localhost.evil.example"}, (401, "not_signed_in")),
        ({"Host": "192.168.1.5:8080"}, (401, "not_signed_in")),
        ({"Host": "["}, (400, "malformed_request")),
        ({"Host": "evil.example@localhost"}, (400, "malformed_request")),
        ({"Host": "localhost/"}, (400, "malformed_request")),
        ({"Host": "localhost."}, (401, "not_signed_in")),
        ({"Host": ""}, (401, "not_signed_in")),
        ({"X-Forwarded-Proto": "https"}, (401, "not_signed_in")),
        ({"X_Forwarded_For": "203.0.113.9"}, (401, "not_signed_in")),
        ({"X-Client-IP": "203.0.113.9"}, (401, "not_signed_in")),
        ({"X-Forwarded-For": "203.0.113.9"}, (401, "not_signed_in")),
        ({"Forwarded": "for=203.0.113.9"}, (401, "not_signed_in")),
        ({"Origin": "https://evil.example"}, (403, "foreign_origin")),
        ({"Origin": "http://localhost:3000"}, (403, "foreign_origin")),
        ({"Origin": "null"}, (403, "foreign_origin")),
        ({"Sec-Fetch-Site": "cross-site"}, (403, "foreign_origin")),
        ({"Sec-Fetch-Site": "same-site"}, (403, "foreign_origin")),
    ],
)
@pytest.mark.parametrize("call", [("GET", "/api/me"), ("POST", "/inference/predict")])
def test_a_request_from_elsewhere_is_not_the_local_admin(
    local_gateway: RunningGateway, headers: dict[str, str], refusal: tuple[int, str], call: tuple[str, str]
) -> None:
    with local_gateway.client(headers=headers) as client:
        assert problem(client.request(*call)) == refusal


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer ts_no"}, {"Cookie": "turnstile=long-gone"}])
def test_an_invalid_credential_is_refused(local_gateway: RunningGateway, headers: dict[str, str]) -> None:
    with local_gateway.client(headers=headers) as client:
        assert client.get("/api/me").status_code == 401


def test_a_token_is_accepted(local_gateway: RunningGateway, database_url: str) -> None:
    with local_gateway.client(headers=bearer(make_token(database_url, Role.RESEARCHER))) as client:
        assert client.get("/api/me").json()["role"] == "researcher"


def test_the_available_sign_in_methods(local_gateway: RunningGateway) -> None:
    with local_gateway.client() as client:
        assert client.get("/auth/ways").json() == {"ways": ["token"], "oidc_name": None}
        assert problem(client.get("/auth/login")) == (404, "not_found")
        assert problem(client.get("/auth/callback", params={"state": "x", "code": "y"})) == (404, "not_found")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - not listened on
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback_addresses(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_reachable_address_needs_a_login(postgres: RunningPostgres) -> None:
    url = postgres.new_database()

    async def start(settings: AuthSettings, *, loopback: bool) -> str:
        database = Database(url)
        try:
            async with open_authentication(settings, database, RateLimits(database), loopback) as authentication:
                await authentication.require_login()
                return authentication.description
        finally:
            await database.close()

    assert "local admin" in asyncio.run(start(AuthSettings(), loopback=True))
    with pytest.raises(LoginNotConfigured, match="turnstile token create"):
        asyncio.run(start(AuthSettings(), loopback=False))
    with pytest.raises(LoginNotConfigured):
        asyncio.run(start(AuthSettings(local_admin=False), loopback=True))
    oidc = AuthSettings(oidc_issuer="https://login.example", oidc_client_id="turnstile")
    assert "https://login.example" in asyncio.run(start(oidc, loopback=False))
    make_token(url, Role.ADMIN)
    assert asyncio.run(start(AuthSettings(), loopback=False)) == "API tokens"
