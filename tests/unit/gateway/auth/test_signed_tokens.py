"""Whatever a provider signs, and whatever nobody signed: the claims, or one error; never another exception."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from gateway.auth.oidc_provider import OidcProvider, TrustedIssuer
from gateway.auth.signed_token import strict_object
from gateway.errors import InvalidToken

ISSUER: Final = "https://login.example"
CLIENT: Final = "turnstile"
KEY: Final = ECKey.generate_key("P-256", {"kid": "k", "use": "sig"})
PAGES: Final = {
    "/.well-known/openid-configuration": {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/keys",
    },
    "/keys": {"keys": [KEY.as_dict(private=False)]},
}
NOW_S: Final = int(time.time())
GOOD: Final = {"iss": ISSUER, "aud": CLIENT, "sub": "u-1", "iat": NOW_S, "exp": NOW_S + 86_400}
MAX_EXAMPLES: Final = 40

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("\ud800"), st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)
claim_names = st.sampled_from([*GOOD, "nbf", "azp", "client_id", "typ", "token_use", "nonce", "jti", "other"])
header_names = st.sampled_from(["alg", "kid", "typ", "cty", "crit", "jwk", "jku", "x5c", "x5t", "b64", "zip", "other"])


def signed(payload: bytes) -> str:
    return jws.serialize_compact({"alg": "ES256", "kid": "k"}, payload, KEY, algorithms=["ES256"])


def unsigned(header: bytes, payload: bytes) -> str:
    parts = (header, payload, bytes(64))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def claims_of(text: str) -> dict[str, Any] | None:
    """The claims as an access token; None when it is refused. Any other exception fails the test."""

    async def check() -> dict[str, Any] | None:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=PAGES[request.url.path]))
        async with httpx.AsyncClient(transport=transport) as client:
            provider = OidcProvider(TrustedIssuer(ISSUER, ("ES256", "RS256"), 60), client)
            calls: tuple[Callable[[], Coroutine[Any, Any, Any]], ...] = (
                lambda: provider.id_token_claims(text, CLIENT, "n"),
                lambda: provider.access_token_claims(text, CLIENT, {CLIENT}),
            )
            outcome = None
            for call in calls:
                try:
                    outcome = dict(await call())
                except InvalidToken:
                    outcome = None
            return outcome

    return asyncio.run(check())


def test_a_good_token() -> None:
    assert claims_of(signed(json.dumps(GOOD).encode())) == GOOD


def test_a_good_token_with_another_number_of_parts_is_refused() -> None:
    good = signed(json.dumps(GOOD).encode())
    for text in (good.rpartition(".")[0], f"{good}.", f"{good}.{good}", f".{good}"):
        assert claims_of(text) is None


@settings(max_examples=MAX_EXAMPLES)
@given(st.dictionaries(claim_names, values, max_size=3))
def test_odd_claims_are_the_claims_or_refused(odd: dict[str, Any]) -> None:
    sent = GOOD | odd
    claims = claims_of(signed(json.dumps(sent).encode()))
    if claims is not None:
        assert json.dumps(claims) == json.dumps(sent)
        assert (claims["iss"], type(claims["sub"])) == (ISSUER, str)
        assert claims["aud"] == CLIENT or CLIENT in claims["aud"]


@settings(max_examples=MAX_EXAMPLES)
@given(st.one_of(values, st.dictionaries(header_names, values, max_size=4)))
def test_an_odd_header_without_a_signature_is_refused(header: Any) -> None:
    assert claims_of(unsigned(json.dumps(header).encode(), json.dumps(GOOD).encode())) is None


@settings(max_examples=MAX_EXAMPLES)
@given(st.one_of(st.text(), st.text("abcXYZ019-_.=\u00e9", max_size=60)))
def test_no_token_at_all_is_refused(text: str) -> None:
    assert claims_of(text) is None


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(GOOD).encode()[:-1] + b', "sub": "another"}',
        json.dumps(GOOD).encode()[:-1] + b', "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        json.dumps(GOOD).encode()[:-1] + b', "x": NaN}',
        json.dumps(GOOD).encode()[:-1] + b', "x": ' + b"9" * 5000 + b"}",
        json.dumps(GOOD).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        json.dumps(GOOD | {"exp": 10**300}).encode(),
        json.dumps(GOOD | {"exp": True}).encode(),
        json.dumps([GOOD]).encode(),
        b"",
    ],
    ids=["twice", "deep", "NaN", "digits", "UTF-16", "BOM", "no end", "true", "list", "empty"],
)
def test_json_that_is_not_strict_is_refused(payload: bytes) -> None:
    assert claims_of(signed(payload)) is None


@pytest.mark.parametrize(
    "header", [b'"alg"', b'{"alg": "ES256", "crit": 5}', b'{"alg": "ES256", "alg": "none"}', b"[]"]
)
def test_a_header_that_is_not_strict_is_refused(header: bytes) -> None:
    assert claims_of(unsigned(header, json.dumps(GOOD).encode())) is None


def test_names_are_unique_at_every_depth() -> None:
    with pytest.raises(ValueError, match="twice"):
        strict_object(b'{"a": [{"b": 1, "b": 2}]}')
