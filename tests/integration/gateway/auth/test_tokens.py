"""API tokens and the sessions that they open."""

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
from tests.integration.gateway.auth.api_calls import HOME, bearer, make_token, problem
from tests.integration.gateway.running_gateway import RunningGateway


@pytest.fixture
def admin(guarded: RunningGateway, database_url: str) -> Iterator[httpx.Client]:
    with guarded.client(headers=bearer(make_token(database_url, Role.ADMIN))) as client:
        yield client


def asks(gateway: RunningGateway, token: str) -> httpx.Response:
    with gateway.client(headers=bearer(token)) as client:
        return client.get("/api/me")


def id_of(token: str) -> str:
    return token.split("_")[1]


def test_a_token_opens_what_its_scopes_say(guarded: RunningGateway, admin: httpx.Client) -> None:
    wanted = {"name": "night run", "role": "radiologist", "scopes": ["inference.predict"]}
    made = admin.post("/api/tokens", json=wanted)
    assert made.status_code == 201
    me = asks(guarded, made.json()["token"]).json()
    assert (me["name"], me["scopes"], me["sign_in"]) == ("night run", ["inference.predict"], "token")
    with guarded.client(headers=bearer(made.json()["token"])) as client:
        assert problem(client.get("/api/tokens")) == (403, "not_permitted")


def test_only_its_hash_is_kept(guarded: RunningGateway, admin: httpx.Client, database_url: str) -> None:
    made = admin.post("/api/tokens", json={"name": "x", "role": "researcher"}).json()
    secret = made["token"].split("_", 2)[2]
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("SELECT * FROM tokens WHERE id = %s", [made["id"]]).fetchone()
        whole = connection.execute("SELECT string_agg(t::text, ' ') FROM tokens t").fetchone()
    assert kept is not None
    assert secret_hash(secret) in kept
    assert whole is not None
    assert secret not in whole[0]
    assert "token" not in admin.get("/api/tokens").json()["items"][0], "it is told once"


def test_a_revoked_token_is_dead_and_so_are_its_sessions(guarded: RunningGateway, admin: httpx.Client) -> None:
    made = admin.post("/api/tokens", json={"name": "x", "role": "radiologist"}).json()
    with guarded.client(headers={"Origin": guarded.url}) as browser:
        assert browser.post("/auth/token", json={"token": made["token"]}).status_code == 204
        assert browser.get("/api/me").status_code == 200
        assert admin.delete(f"/api/tokens/{made['id']}").status_code == 204
        assert problem(browser.get("/api/me")) == (401, "not_signed_in")
    assert problem(asks(guarded, made["token"])) == (401, "invalid_token")
    listed = next(one for one in admin.get("/api/tokens").json()["items"] if one["id"] == made["id"])
    assert listed["revoked_at"]
    assert listed["last_used_at"]
    assert admin.delete(f"/api/tokens/{made['id']}").status_code == 204, "a second time changes nothing"


def test_an_expired_token_is_dead(guarded: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.RADIOLOGIST, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert asks(guarded, token).status_code == 200
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE tokens SET expires_at = now() WHERE replace(id::text, '-', '') = %s", [id_of(token)])
    assert problem(asks(guarded, token)) == (401, "invalid_token")


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.rpartition("_")[0] + "_",
        lambda token: f"ts_{uuid4().hex}_{token.split('_', 2)[2]}",
        lambda _token: "ts_no-id_secret",
        lambda _token: "ts_",
        lambda token: f"ts_{id_of(token)}_%00",
    ],
)
def test_a_token_that_is_not_quite_one(guarded: RunningGateway, database_url: str, spoilt: object) -> None:
    assert callable(spoilt)
    assert problem(asks(guarded, spoilt(make_token(database_url, Role.ADMIN)))) == (401, "invalid_token")


@pytest.mark.parametrize("shown", ["Basic YTpi", "Bearer", "ts_x", ""])
def test_another_kind_of_authorization(guarded: RunningGateway, shown: str) -> None:
    with guarded.client(headers={"Authorization": shown}) as client:
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
def test_a_token_that_cannot_be_made(admin: httpx.Client, wanted: dict[str, object]) -> None:
    assert problem(admin.post("/api/tokens", json=wanted)) == (422, "invalid_request")


def test_nobody_gives_away_what_they_have_not(guarded: RunningGateway, database_url: str) -> None:
    steward = make_token(database_url, Role.ADMIN, scopes=frozenset({Scope.TOKENS_MANAGE}))
    with guarded.client(headers=bearer(steward)) as client:
        assert problem(client.post("/api/tokens", json={"name": "x", "role": "radiologist"})) == (403, "not_permitted")


def test_another_institution_s_tokens_do_not_exist(
    guarded: RunningGateway, admin: httpx.Client, database_url: str
) -> None:
    elsewhere = make_token(database_url, Role.ADMIN, institution="elsewhere")
    with guarded.client(headers=bearer(elsewhere)) as client:
        theirs = client.post("/api/tokens", json={"name": "x", "role": "admin"}).json()
        assert {one["institution"] for one in client.get("/api/tokens").json()["items"]} == {"elsewhere"}
    assert {one["institution"] for one in admin.get("/api/tokens").json()["items"]} == {HOME}
    assert problem(admin.delete(f"/api/tokens/{theirs['id']}")) == (404, "not_found")
    assert asks(guarded, theirs["token"]).status_code == 200


def test_a_session_lies_idle_and_has_its_time(guarded: RunningGateway, database_url: str) -> None:
    """Its end moves on while it is used, but never past its last moment."""
    with guarded.client(headers={"Origin": guarded.url}) as browser:
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
            assert seconds_left() > 29 * 60, "used, it lives another half hour"
            put("principal", "principal || jsonb_build_object('last', (now() + interval '10 minutes')::text)")
            put("expires_at", "now() + interval '5 minutes'")
            assert browser.get("/api/me").status_code == 200
            assert seconds_left() < 10 * 60, "but not past its last moment"
            put("expires_at", "now() - interval '1 second'")
        answer = browser.get("/api/me")
        assert problem(answer) == (401, "not_signed_in")
        assert "turnstile" not in browser.cookies, "the browser forgets what opens nothing"


def test_a_session_ends_with_its_token(guarded: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.RESEARCHER, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    with guarded.client(headers={"Origin": guarded.url}) as browser:
        browser.post("/auth/token", json={"token": token})
        with psycopg.connect(database_url) as connection:
            row = connection.execute(
                "SELECT expires_at - now() < interval '6 minutes' FROM sessions WHERE id_hash = %s",
                [secret_hash(browser.cookies["turnstile"])],
            ).fetchone()
    assert row == (True,)


def test_a_page_elsewhere_signs_nobody_in(guarded: RunningGateway, database_url: str) -> None:
    with guarded.client(headers={"Origin": "https://evil.example"}) as browser:
        answer = browser.post("/auth/token", json={"token": make_token(database_url, Role.ADMIN)})
    assert problem(answer) == (403, "foreign_origin")


def test_the_last_use_is_written_once_a_minute(guarded: RunningGateway, database_url: str) -> None:
    token = make_token(database_url, Role.ADMIN)
    with psycopg.connect(database_url, autocommit=True) as connection:

        def last_used() -> object:
            return connection.execute(
                "SELECT last_used_at FROM tokens WHERE replace(id::text, '-', '') = %s", [id_of(token)]
            ).fetchone()

        asks(guarded, token)
        first = last_used()
        asks(guarded, token)
        assert first == last_used() != (None,)


def test_a_role_that_lost_a_scope_takes_it_from_its_tokens(
    guarded: RunningGateway, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_token(database_url, Role.RADIOLOGIST)
    less = {**GRANTS, Role.RADIOLOGIST: GRANTS[Role.RADIOLOGIST] - {Scope.NAMES_READ}}
    monkeypatch.setattr("gateway.auth.api_tokens.GRANTS", less)
    assert "names.read" not in asks(guarded, token).json()["scopes"]


def test_whether_any_token_would_be_taken(postgres: object, database_url: str) -> None:
    async def any_valid_token() -> bool:
        database = Database(database_url)
        try:
            async with database.transaction() as session:
                return await rows.any_valid_token(session, datetime.now(UTC))
        finally:
            await database.close()

    make_token(database_url, Role.RESEARCHER)
    assert asyncio.run(any_valid_token())
