"""Without a login: who uses the machine is the local admin, and nobody who only makes its browser ask."""

import asyncio

import pytest

from gateway.auth.authentication import LoginNotConfigured, open_authentication
from gateway.database.connection import Database
from gateway.permissions import Role
from gateway.settings.auth import AuthSettings, is_loopback
from tests.integration.gateway.auth.api_calls import bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway
from tests.postgres import RunningPostgres


def test_who_shows_nothing_is_the_local_admin(alone: RunningGateway) -> None:
    with alone.client() as client:
        me = client.get("/api/me").json()
    assert (me["role"], me["sign_in"], me["institution"]) == ("admin", "local", "st-anna")


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LOCALHOST:{}"])
def test_under_the_machine_s_own_names(alone: RunningGateway, host: str) -> None:
    with alone.client(headers={"Host": host.format(alone.url.rpartition(":")[2])}) as client:
        assert client.get("/api/me").status_code == 200


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"Host": "rebound.evil.example"}, (401, "not_signed_in")),
        ({"Host": "127.0.0.1.evil.example:80"}, (401, "not_signed_in")),
        ({"Host": "localhost.evil.example"}, (401, "not_signed_in")),
        ({"Host": "192.168.1.5:8080"}, (401, "not_signed_in")),
        ({"Host": "["}, (401, "not_signed_in")),
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
def test_nobody_speaks_for_the_local_admin_from_elsewhere(
    alone: RunningGateway, headers: dict[str, str], refusal: tuple[int, str], call: tuple[str, str]
) -> None:
    with alone.client(headers=headers) as client:
        assert problem(client.request(*call)) == refusal


@pytest.mark.parametrize("shown", [{"Authorization": "Bearer ts_no"}, {"Cookie": "turnstile=long-gone"}])
def test_a_credential_that_is_shown_is_judged(alone: RunningGateway, shown: dict[str, str]) -> None:
    with alone.client(headers=shown) as client:
        assert client.get("/api/me").status_code == 401


def test_a_token_works_here_too(alone: RunningGateway, database_url: str) -> None:
    with alone.client(headers=bearer(make_token(database_url, Role.RESEARCHER))) as client:
        assert client.get("/api/me").json()["role"] == "researcher"


def test_the_ways_in(alone: RunningGateway) -> None:
    with alone.client() as client:
        assert client.get("/auth/ways").json() == {"ways": ["token"], "oidc_name": None}
        assert problem(client.get("/auth/login")) == (404, "not_found")
        assert problem(client.get("/auth/callback", params={"state": "x", "code": "y"})) == (404, "not_found")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - told apart, not listened on
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_which_addresses_are_the_machine_s_own(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours


def test_where_others_reach_it_it_does_not_start_without_a_login(postgres: RunningPostgres) -> None:
    url = postgres.new_database()

    async def start(settings: AuthSettings, *, loopback: bool) -> str:
        database = Database(url)
        try:
            async with open_authentication(settings, database, loopback) as authentication:
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
