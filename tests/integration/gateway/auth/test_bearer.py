"""Tokens of the identity provider, as a program sends them: which are believed."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.integration.gateway.auth.api_calls import HOME, bearer, problem
from tests.integration.gateway.auth.fake_provider import Provider
from tests.integration.gateway.running_gateway import RunningGateway

Forge = Callable[[Provider], str]


def ask(gateway: RunningGateway, token: str) -> Any:
    with gateway.client(headers=bearer(token)) as client:
        return client.get("/api/me")


def test_who_the_provider_names_is_let_in(guarded: RunningGateway, provider: Provider) -> None:
    me = ask(guarded, provider.token()).json()
    assert (me["name"], me["role"], me["institution"], me["sign_in"]) == ("Ada Reader", "radiologist", HOME, "oidc")
    assert "audit.read" not in me["scopes"]


def of_now(**shift_s: int) -> dict[str, int]:
    return {name: int(time.time()) + seconds for name, seconds in shift_s.items()}


def unsigned(provider: Provider) -> str:
    """alg none (RFC 8725 2.1)."""
    _, claims, _ = provider.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": provider.keys[0].kid}).encode())
    return f"{header.rstrip(b'=').decode()}.{claims}."


def signed_with_the_public_key(provider: Provider) -> str:
    """HS256 with the provider's public key for a secret (RFC 8725 2.1)."""
    key = provider.keys[0]
    return signed_by_hand(provider, str(key.kid), key.as_pem(private=False))


def signed_with_the_listed_secret(provider: Provider) -> str:
    """HS256 with the symmetric key that the provider's key page lists by mistake."""
    return signed_by_hand(provider, "symmetric", b"secret")


def signed_by_hand(provider: Provider, kid: str, secret: bytes) -> str:
    """With hmac, for the library refuses to make such a token."""
    claims = {"iss": provider.issuer, "aud": "turnstile", **provider.person, **of_now(exp=300)}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": kid}, claims)
    ]
    signature = hmac.digest(secret, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def signed_by_another(provider: Provider) -> str:
    """The right name of the key, and another key."""
    key = RSAKey.generate_key(2048)
    claims = {"iss": provider.issuer, "aud": "turnstile", **provider.person, **of_now(exp=300)}
    return jwt.encode({"alg": "RS256", "kid": provider.keys[0].kid}, claims, key)


def with_its_own_key(provider: Provider) -> str:
    """A key in the token's header vouches for nobody (RFC 8725 3.10)."""
    key = RSAKey.generate_key(2048)
    claims = {"iss": provider.issuer, "aud": "turnstile", **provider.person, **of_now(exp=300)}
    return jwt.encode({"alg": "RS256", "kid": "mine", "jwk": key.as_dict(private=False)}, claims, key)


def changed(provider: Provider) -> str:
    header, claims, signature = provider.token().split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(told | {"roles": ["admin"]}).encode()).rstrip(b"=").decode()
    return f"{header}.{forged}.{signature}"


FORGED: dict[str, Forge] = {
    "wrong audience": lambda provider: provider.token(aud="another-service"),
    "no audience": lambda provider: provider.token(aud=None),
    "wrong issuer": lambda provider: provider.token(iss="https://elsewhere.example"),
    "no issuer": lambda provider: provider.token(iss=None),
    "expired": lambda provider: provider.token(**of_now(iat=-600, exp=-61)),
    "never expires": lambda provider: provider.token(exp=None),
    "not yet valid": lambda provider: provider.token(**of_now(nbf=+90)),
    "issued in the future": lambda provider: provider.token(**of_now(iat=+90)),
    "no subject": lambda provider: provider.token(sub=None),
    "alg none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "HS256 with a listed secret": signed_with_the_listed_secret,
    "another's key": signed_by_another,
    "brings its own key": with_its_own_key,
    "claims changed": changed,
    "no token at all": lambda _provider: "a.b.c",
    "empty parts": lambda _provider: "..",
}


@pytest.mark.parametrize("how", FORGED)
def test_what_the_provider_did_not_give_for_us_and_now_is_refused(
    guarded: RunningGateway, provider: Provider, how: str
) -> None:
    answer = ask(guarded, FORGED[how](provider))
    assert problem(answer) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_clock_that_is_a_little_off_is_forgiven(guarded: RunningGateway, provider: Provider) -> None:
    assert ask(guarded, provider.token(**of_now(iat=+30, nbf=+30, exp=+300))).status_code == 200
    assert ask(guarded, provider.token(**of_now(iat=-600, exp=-20))).status_code == 200


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"roles": ["surgeon"]}, "unknown_role"),
        ({"roles": None}, "unknown_role"),
        ({"roles": [["admin"], {"admin": True}]}, "unknown_role"),
    ],
)
def test_a_role_is_never_guessed(
    guarded: RunningGateway, provider: Provider, claims: dict[str, Any], code: str
) -> None:
    answer = ask(guarded, provider.token(**claims))
    assert problem(answer) == (403, code)
    assert "radiologist" in answer.json()["detail"], "the refusal says what would do"


def test_of_several_roles_the_widest_counts(guarded: RunningGateway, provider: Provider) -> None:
    assert ask(guarded, provider.token(roles=["researcher", "x", "radiologist"])).json()["role"] == "radiologist"
    assert ask(guarded, provider.token(roles="admin")).json()["role"] == "admin"


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_a_rotated_key_is_fetched_and_the_old_one_forgotten(
    guarded: RunningGateway, provider: Provider, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auth.oidc_provider.MIN_FETCH_INTERVAL_S", 0.0)
    old = provider.token()
    assert ask(guarded, old).status_code == 200
    provider.rotate(kind)
    assert ask(guarded, provider.token()).status_code == 200
    assert problem(ask(guarded, old)) == (401, "invalid_token")


def test_unknown_keys_do_not_make_us_ask_the_provider_each_time(guarded: RunningGateway, provider: Provider) -> None:
    assert ask(guarded, provider.token()).status_code in (200, 401)
    before = provider.key_fetches
    for _ in range(20):
        assert problem(ask(guarded, with_its_own_key(provider))) == (401, "invalid_token")
    assert provider.key_fetches - before <= 1


def test_known_keys_serve_while_the_provider_is_away(
    guarded: RunningGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auth.oidc_provider.MIN_FETCH_INTERVAL_S", 0.0)
    assert ask(guarded, provider.token()).status_code == 200
    monkeypatch.setattr("gateway.auth.oidc_provider.KEYS_MAX_AGE_S", 0.0)
    provider.answers = False
    try:
        assert ask(guarded, provider.token()).status_code == 200
    finally:
        provider.answers = True


def test_without_credentials_nobody_comes_in(guarded: RunningGateway) -> None:
    with guarded.client() as client:
        assert problem(client.get("/api/me")) == (401, "not_signed_in")
