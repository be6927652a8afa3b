"""API tokens and the browser sessions that they create."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import sql

from gateway.auth.secrets import secret_hash
from gateway.auth.store import tokens as rows
from gateway.database.connection import Database
from gateway.permissions import GRANTS, Role, Scope
from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.fixture
def admin(oidc_gateway: RunningGateway, database_url: str) -> Iterator[httpx.Client]:
    with oidc_gateway.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        yield client


def get_me(gateway: RunningGateway, token: str) -> httpx.Response:
    with gateway.client(headers=bearer(token)) as client:
        return client.get("/api/me")


def id_of(token: str) -> str:
    return token.split("_")[1]


def test_a_token_has_its_scopes_only(oidc_gateway: RunningGateway, admin: httpx.Client) -> None:
    wanted = {"name": "night run", "role": "radiologist", "scopes": ["inference.predict"]}
    made = admin.post("/api/tokens", json=wanted)
    assert made.status_code == 201
    me = get_me(oidc_gateway, made.json()["token"]).json()
    assert (me["name"], me["scopes"], me["sign_in"]) == ("night run", ["inference.predict"], "token")
    with oidc_gateway.client(headers=bearer(made.json()["token"])) as client:
        assert problem(client.get("/api/tokens")) == (403, "not_permitted")


def test_only_the_hash_is_stored(oidc_gateway: RunningGateway, admin: httpx.Client, database_url: str) -> None:
    made = admin.post("/api/tokens", json={"name": "x", "role": "researcher"}).json()
    secret = made["token"].split("_", 2)[2]
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT * FROM tokens WHERE id = %s", [made["id"]]).fetchone()
        whole = connection.execute("SELECT string_agg(t::text, ' ') FROM tokens t").fetchone()
    assert row is not None
    assert secret_hash(secret) in row
    assert whole is not None
    assert secret not in whole[0]
    assert "token" not in admin.get("/api/tokens").json()["items"][0], "the text is returned once"


def test_a_revoked_token_and_its_sessions_are_invalid(oidc_gateway: RunningGateway, admin: httpx.Client) -> None:
    made = admin.post("/api/tokens", json={"name": "x", "role": "radiologist"}).json()
    with oidc_gateway.client(headers={"Origin": oidc_gateway.url}) as browser:
        assert browser.post("/auth/token", json={"token": made["token"]}).status_code == 204
        assert browser.get("/api/me").status_code == 200
        assert admin.delete(f"/api/tokens/{made['id']}").status_code == 204
        assert problem(browser.get("/api/me")) == (401, "not_signed_in")
    assert problem(get_me(oidc_gateway, made["token"])) == (401, "invalid_token")
    listed = next(one for one in admin.get("/api/tokens").json()["items"] if one["id"] == made["id"])
    assert listed["revoked_at"]
    assert listed["last_used_at"]
    assert admin.delete(f"/api/tokens/{made['id']}").status_code == 204, "a second time changes nothing"


def test_an_expired_token_is_invalid(oidc_gateway: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.RADIOLOGIST, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert get_me(oidc_gateway, token).status_code == 200
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE tokens SET expires_at = now() WHERE replace(id::text, '-', '') = %s", [id_of(token)])
    assert problem(get_me(oidc_gateway, token)) == (401, "invalid_token")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.rpartition("_")[0] + "_",
        lambda token: f"ts_{uuid4().hex}_{token.split('_', 2)[2]}",
        lambda _token: "ts_no-id_secret",
        lambda _token: "ts_",
        lambda token: f"ts_{id_of(token)}_%00",
    ],
)
def test_a_malformed_token_is_refused(oidc_gateway: RunningGateway, database_url: str, spoil: object) -> None:
    assert callable(spoil)
    assert problem(get_me(oidc_gateway, spoil(make_token(database_url, Role.ADMIN)))) == (401, "invalid_token")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "ts_x", ""])
def test_other_authorization_schemes_are_refused(oidc_gateway: RunningGateway, header: str) -> None:
    with oidc_gateway.client(headers={"Authorization": header}) as client:
        assert problem(client.get("/api/me")) == (401, "invalid_token")


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "x", "role": "radiologist", "scopes": ["audit.read"]},
        {"name": "x", "role": "radiologist", "scopes": []},
        {"name": "x", "role": "chief"},
        {"name": "", "role": "admin"},
        {"name": "a\x00b", "role": "admin"},
        {"name": "x" * 10_000, "role": "admin"},
        {"name": "x", "role": "admin", "expires_at": "2001-01-01T00:00:00Z"},
        {"name": "x", "role": "admin", "expires_at": "2100-01-01T00:00:00"},
        {"name": "x", "role": "admin", "scopes": ["everything"]},
    ],
)
def test_an_invalid_new_token_is_refused(admin: httpx.Client, wanted: dict[str, object]) -> None:
    assert problem(admin.post("/api/tokens", json=wanted)) == (422, "invalid_request")


def test_a_token_cannot_have_scopes_that_its_creator_lacks(oidc_gateway: RunningGateway, database_url: str) -> None:
    creator = make_token(database_url, Role.ADMIN, scopes=frozenset({Scope.TOKENS_MANAGE}))
    with oidc_gateway.client(headers=bearer(creator)) as client:
        assert problem(client.post("/api/tokens", json={"name": "x", "role": "radiologist"})) == (403, "not_permitted")


def test_tokens_of_another_institution_are_not_found(
    oidc_gateway: RunningGateway, admin: httpx.Client, database_url: str
) -> None:
    elsewhere = make_token(database_url, Role.ADMIN, institution="elsewhere")
    with oidc_gateway.client(headers=bearer(elsewhere)) as client:
        theirs = client.post("/api/tokens", json={"name": "x", "role": "admin"}).json()
        assert {one["institution"] for one in client.get("/api/tokens").json()["items"]} == {"elsewhere"}
    assert {one["institution"] for one in admin.get("/api/tokens").json()["items"]} == {INSTITUTION}
    assert problem(admin.delete(f"/api/tokens/{theirs['id']}")) == (404, "not_found")
    assert get_me(oidc_gateway, theirs["token"]).status_code == 200


def test_the_idle_timeout_and_the_maximum_age_of_a_session(oidc_gateway: RunningGateway, database_url: str) -> None:
    """A request extends the session, but never past its maximum age."""
    with oidc_gateway.client(headers={"Origin": oidc_gateway.url}) as browser:
        browser.post("/auth/token", json={"token": make_token(database_url, Role.RESEARCHER)})
        name = secret_hash(browser.cookies["turnstile"])
        with psycopg.connect(database_url, autocommit=True) as connection:

            def put(column: str, value: LiteralString) -> None:
                update = sql.SQL("UPDATE sessions SET {} = {} WHERE id_hash = {}")
                connection.execute(update.format(sql.Identifier(column), sql.SQL(value), name))

            def seconds_left() -> float:
                row = connection.execute(
                    "SELECT extract(epoch FROM expires_at - now()) FROM sessions WHERE id_hash = %s", [name]
                ).fetchone()
                assert row is not None
                return float(row[0])

            put("expires_at", "now() + interval '5 minutes'")
            assert browser.get("/api/me").status_code == 200
            assert seconds_left() > 29 * 60, "a request extends it to 30 minutes"
            put("principal", "principal || jsonb_build_object('last', (now() + interval '10 minutes')::text)")
            put("expires_at", "now() + interval '5 minutes'")
            assert browser.get("/api/me").status_code == 200
            assert seconds_left() < 10 * 60, "but not past its maximum age"
            put("expires_at", "now() - interval '1 second'")
        answer = browser.get("/api/me")
        assert problem(answer) == (401, "not_signed_in")
        assert "turnstile" not in browser.cookies, "the cookie of an ended session is deleted"


def test_a_session_ends_with_its_token(oidc_gateway: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.RESEARCHER, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    with oidc_gateway.client(headers={"Origin": oidc_gateway.url}) as browser:
        browser.post("/auth/token", json={"token": token})
        with psycopg.connect(database_url) as connection:
            row = connection.execute(
                "SELECT expires_at - now() < interval '6 minutes' FROM sessions WHERE id_hash = %s",
                [secret_hash(browser.cookies["turnstile"])],
            ).fetchone()
    assert row == (True,)


def test_another_page_cannot_sign_in(oidc_gateway: RunningGateway, database_url: str) -> None:
    with oidc_gateway.client(headers={"Origin": "https://evil.example"}) as browser:
        answer = browser.post("/auth/token", json={"token": make_token(database_url, Role.ADMIN)})
    assert problem(answer) == (403, "foreign_origin")


def test_the_last_use_is_written_once_a_minute(oidc_gateway: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.ADMIN)
    with psycopg.connect(database_url, autocommit=True) as connection:

        def last_used() -> object:
            return connection.execute(
                "SELECT last_used_at FROM tokens WHERE replace(id::text, '-', '') = %s", [id_of(token)]
            ).fetchone()

        get_me(oidc_gateway, token)
        first = last_used()
        get_me(oidc_gateway, token)
        assert first == last_used() != (None,)


def test_a_scope_removed_from_a_role_is_removed_from_its_tokens(
    oidc_gateway: RunningGateway, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token(database_url, Role.RADIOLOGIST)
    less = {**GRANTS, Role.RADIOLOGIST: GRANTS[Role.RADIOLOGIST] - {Scope.NAMES_READ}}
    monkeypatch.setattr("gateway.auth.api_tokens.GRANTS", less)
    assert "names.read" not in get_me(oidc_gateway, token).json()["scopes"]


def test_any_valid_token(postgres: object, database_url: str) -> None:
    async def any_valid_token() -> bool:
        database = Database(database_url)
        try:
            async with database.transaction() as session:
                return await rows.any_valid_token(session, datetime.now(UTC))
        finally:
            await database.close()

    make_token(database_url, Role.RESEARCHER)
    assert asyncio.run(any_valid_token())
