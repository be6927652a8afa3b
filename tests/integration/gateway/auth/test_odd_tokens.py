"""Odd tokens that the identity provider has signed: 401 with a stable code on every path, and never a principal."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import psycopg
import pytest
from joserfc import jws
from pydantic import SecretStr

from tests.integration.gateway.auth.api_calls import bearer, gateway_without_networks, problem
from tests.integration.gateway.auth.fake_provider import ALGORITHMS, CLIENT_ID, CLIENT_SECRET, Provider
from tests.integration.gateway.running_gateway import RunningGateway

WRONG_FORM: Final[dict[str, dict[str, Any]]] = {
    "institution with a zero-width space": {"hospital": "alpha\u200b"},
    "institution with a space": {"hospital": "alpha "},
    "institution with a direction mark": {"hospital": "\u202ealpha"},
    "institution too long": {"hospital": "a" * 201},
    "institution in a list": {"hospital": ["alpha"]},
    "institution with NUL": {"hospital": "alpha\0"},
    "institution with a lone surrogate": {"hospital": "alpha\ud800"},
    "roles as an object": {"roles": {"admin": False}},
    "roles as a number": {"roles": 5},
    "roles as true": {"roles": True},
    "roles with a list": {"roles": [["admin"]]},
    "subject with NUL": {"sub": "u\0"},
    "subject with a lone surrogate": {"sub": "\ud800"},
    "subject too long": {"sub": "u" * 256},
    "name in a list": {"name": ["Ada"]},
}
WRONG_TOKEN: Final[dict[str, dict[str, Any]]] = {
    "subject in a list": {"sub": ["u-1"]},
    "for another client": {"azp": "another"},
    "no end": {"exp": 10**300},
}
ONLY_AS_BEARER: Final[dict[str, dict[str, Any]]] = {
    "an ID token": {"nonce": "n"},
    "Keycloak's ID token": {"typ": "ID"},
    "Keycloak's refresh token": {"typ": "Refresh"},
    "Cognito's ID token": {"token_use": "id"},
    "client_id of another": {"client_id": "another"},
}


@pytest.fixture(scope="module")
def hospitals(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, provider: Provider
) -> Iterator[RunningGateway]:
    """A gateway whose institutions come from a claim."""
    with gateway_without_networks(
        tmp_path_factory.mktemp("hospitals"),
        database_url,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=SecretStr(CLIENT_SECRET),
        oidc_institution_claim="hospital",
        sign_in_rate="1000 per minute",
        refusal_rate="1000 per minute",
    ) as running:
        yield running


@pytest.fixture
def person(provider: Provider) -> Iterator[dict[str, Any]]:
    """The claims of the next person who signs in, good ones at first."""
    ours = provider.person
    provider.person = ours | {"hospital": "alpha"}
    yield provider.person
    provider.person = ours


def get_me(gateway: RunningGateway, token: str) -> httpx.Response:
    with gateway.client(headers=bearer(token)) as client:
        return client.get("/api/me")


def sign_in(gateway: RunningGateway) -> httpx.Response:
    with gateway.client() as browser:
        consent = httpx.get(browser.get("/auth/login").headers["location"], trust_env=False)
        return browser.get(consent.headers["location"])


def signed(provider: Provider, payload: bytes) -> str:
    key = provider.keys[0]
    algorithm = ALGORITHMS[key.key_type]
    return jws.serialize_compact({"alg": algorithm, "kid": key.kid}, payload, key, algorithms=[algorithm])


def claims_of(provider: Provider, **odd: Any) -> bytes:
    now_s = int(time.time())
    standard = {"iss": provider.issuer, "aud": CLIENT_ID, "iat": now_s, "exp": now_s + 300}
    return json.dumps(standard | provider.person | odd).encode()  # with lone surrogates, as the library refuses to sign


def test_as_a_bearer_token(hospitals: RunningGateway, provider: Provider, person: dict[str, Any]) -> None:
    good = get_me(hospitals, signed(provider, claims_of(provider)))
    assert good.json()["institution"] == "alpha"
    for odd in WRONG_FORM.values():
        answer = get_me(hospitals, signed(provider, claims_of(provider, **odd)))
        assert problem(answer) == (401, "invalid_claims"), odd
    for odd in (WRONG_TOKEN | ONLY_AS_BEARER).values():
        answer = get_me(hospitals, signed(provider, claims_of(provider, **odd)))
        assert problem(answer) == (401, "invalid_token"), odd
    deep = claims_of(provider)[:-1] + b', "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert problem(get_me(hospitals, signed(provider, deep))) == (401, "invalid_token")


def test_at_the_login_s_callback(
    hospitals: RunningGateway, provider: Provider, person: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd: dict[str, Any] = {}
    monkeypatch.setattr(provider, "token", lambda **more: signed(provider, claims_of(provider, **more | odd)))
    assert sign_in(hospitals).status_code == 302
    for odd in WRONG_FORM.values():
        assert problem(sign_in(hospitals)) == (401, "invalid_claims"), odd
    for odd in (*WRONG_TOKEN.values(), {"typ": "Bearer"}, {"aud": [CLIENT_ID, "another"]}, {"nonce": ["n"]}):
        assert problem(sign_in(hospitals)) == (401, "invalid_token"), odd


def test_no_odd_claim_was_stored(hospitals: RunningGateway, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT DISTINCT institution FROM users").fetchall() == [("alpha",)]


def test_starting_logins_locks_no_sign_in(hospitals: RunningGateway, provider: Provider, person: Any) -> None:
    """40 starts; the refused tokens of an address were limited to 30 with them before."""
    with hospitals.client() as client:
        assert {client.get("/auth/login").status_code for _ in range(40)} == {302}
    assert sign_in(hospitals).status_code == 302
