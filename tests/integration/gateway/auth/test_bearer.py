"""Bearer tokens of the identity provider: which are accepted."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.integration.gateway.auth.api_calls import INSTITUTION, bearer, problem
from tests.integration.gateway.auth.fake_provider import Provider
from tests.integration.gateway.running_gateway import RunningGateway

Forge = Callable[[Provider], str]


def get_me(gateway: RunningGateway, token: str) -> Any:
    with gateway.client(headers=bearer(token)) as client:
        return client.get("/api/me")


def test_a_valid_token_is_accepted(oidc_gateway: RunningGateway, provider: Provider) -> None:
    me = get_me(oidc_gateway, provider.token()).json()
    assert (me["name"], me["role"], me["institution"], me["sign_in"]) == (
        "Ada Reader",
        "radiologist",
        INSTITUTION,
        "oidc",
    )
    assert "audit.read" not in me["scopes"]


def relative_to_now(**shift_s: int) -> dict[str, int]:
    return {name: int(time.time()) + seconds for name, seconds in shift_s.items()}


def unsigned(provider: Provider) -> str:
    """alg none (RFC 8725 2.1)."""
    _, claims, _ = provider.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": provider.keys[0].kid}).encode())
    return f"{header.rstrip(b'=').decode()}.{claims}."


def signed_with_the_public_key(provider: Provider) -> str:
    """HS256 with the provider's public key as secret (RFC 8725 2.1)."""
    key = provider.keys[0]
    return signed_by_hand(provider, str(key.kid), key.as_pem(private=False))


def signed_with_the_listed_secret(provider: Provider) -> str:
    """HS256 with the symmetric key that the provider's key page lists by mistake."""
    return signed_by_hand(provider, "symmetric", b"secret")


def signed_by_hand(provider: Provider, kid: str, secret: bytes) -> str:
    """Signed with hmac, since the library refuses to create such a token."""
    claims = {"iss": provider.issuer, "aud": "turnstile", **provider.person, **relative_to_now(exp=300)}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": kid}, claims)
    ]
    signature = hmac.digest(secret, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def signed_by_another(provider: Provider) -> str:
    """The provider's key id with another key."""
    key = RSAKey.generate_key(2048)
    claims = {"iss": provider.issuer, "aud": "turnstile", **provider.person, **relative_to_now(exp=300)}
    return jwt.encode({"alg": "RS256", "kid": provider.keys[0].kid}, claims, key)


def with_its_own_key(provider: Provider) -> str:
    """A key in the token's own header (RFC 8725 3.10)."""
    key = RSAKey.generate_key(2048)
    claims = {"iss": provider.issuer, "aud": "turnstile", **provider.person, **relative_to_now(exp=300)}
    return jwt.encode({"alg": "RS256", "kid": "mine", "jwk": key.as_dict(private=False)}, claims, key)


def changed(provider: Provider) -> str:
    header, claims, signature = provider.token().split(".")
    payload = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(payload | {"roles": ["admin"]}).encode()).rstrip(b"=").decode()
    return f"{header}.{forged}.{signature}"


FORGED: dict[str, Forge] = {
    "wrong audience": lambda provider: provider.token(aud="another-service"),
    "no audience": lambda provider: provider.token(aud=None),
    "wrong issuer": lambda provider: provider.token(iss="https://elsewhere.example"),
    "no issuer": lambda provider: provider.token(iss=None),
    "expired": lambda provider: provider.token(**relative_to_now(iat=-600, exp=-61)),
    "never expires": lambda provider: provider.token(exp=None),
    "not yet valid": lambda provider: provider.token(**relative_to_now(nbf=+90)),
    "issued in the future": lambda provider: provider.token(**relative_to_now(iat=+90)),
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
def test_an_invalid_token_is_refused(oidc_gateway: RunningGateway, provider: Provider, how: str) -> None:
    answer = get_me(oidc_gateway, FORGED[how](provider))
    assert problem(answer) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_clock_difference_within_the_leeway_is_accepted(oidc_gateway: RunningGateway, provider: Provider) -> None:
    assert get_me(oidc_gateway, provider.token(**relative_to_now(iat=+30, nbf=+30, exp=+300))).status_code == 200
    assert get_me(oidc_gateway, provider.token(**relative_to_now(iat=-600, exp=-20))).status_code == 200


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"roles": ["surgeon"]}, "unknown_role"),
        ({"roles": None}, "unknown_role"),
        ({"roles": []}, "unknown_role"),
    ],
)
def test_a_role_is_never_guessed(
    oidc_gateway: RunningGateway, provider: Provider, claims: dict[str, Any], code: str
) -> None:
    answer = get_me(oidc_gateway, provider.token(**claims))
    assert problem(answer) == (403, code)
    assert "radiologist" in answer.json()["detail"], "the refusal names the known roles"


def test_of_several_roles_the_one_with_most_scopes_is_used(oidc_gateway: RunningGateway, provider: Provider) -> None:
    assert (
        get_me(oidc_gateway, provider.token(roles=["researcher", "x", "radiologist"])).json()["role"] == "radiologist"
    )
    assert get_me(oidc_gateway, provider.token(roles="admin")).json()["role"] == "admin"


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_a_rotated_key_is_fetched_and_the_old_one_is_refused(
    oidc_gateway: RunningGateway, provider: Provider, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auth.oidc_provider.MIN_FETCH_INTERVAL_S", 0.0)
    old = provider.token()
    assert get_me(oidc_gateway, old).status_code == 200
    provider.rotate(kind)
    assert get_me(oidc_gateway, provider.token()).status_code == 200
    assert problem(get_me(oidc_gateway, old)) == (401, "invalid_token")


def test_unknown_keys_do_not_cause_a_fetch_each_time(oidc_gateway: RunningGateway, provider: Provider) -> None:
    assert get_me(oidc_gateway, provider.token()).status_code in (200, 401)
    before = provider.key_fetches
    for _ in range(20):
        assert problem(get_me(oidc_gateway, with_its_own_key(provider))) == (401, "invalid_token")
    assert provider.key_fetches - before <= 1


def test_known_keys_are_used_while_the_provider_is_unavailable(
    oidc_gateway: RunningGateway, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auth.oidc_provider.MIN_FETCH_INTERVAL_S", 0.0)
    assert get_me(oidc_gateway, provider.token()).status_code == 200
    monkeypatch.setattr("gateway.auth.oidc_provider.KEYS_MAX_AGE_S", 0.0)
    provider.answers = False
    try:
        assert get_me(oidc_gateway, provider.token()).status_code == 200
    finally:
        provider.answers = True


def test_a_request_without_credentials_is_refused(oidc_gateway: RunningGateway) -> None:
    with oidc_gateway.client() as client:
        assert problem(client.get("/api/me")) == (401, "not_signed_in")
