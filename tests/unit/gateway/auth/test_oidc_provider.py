"""What is fetched of the identity provider: from the configured issuer only, over https, and without redirects."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.auth.oidc_provider import DISCOVERY, OidcProvider, TrustedIssuer
from gateway.errors import IdentityProviderUnavailable

ISSUER = "https://login.hospital.example"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


def provider(answer: Callable[[httpx.Request], httpx.Response]) -> OidcProvider:
    return OidcProvider(
        TrustedIssuer(ISSUER, ("RS256",), leeway_s=0), httpx.AsyncClient(transport=httpx.MockTransport(answer))
    )


async def test_the_discovery_document_is_read() -> None:
    metadata = await provider(lambda _: httpx.Response(200, json=DOCUMENT)).metadata()
    assert metadata.token_endpoint == f"{ISSUER}/token"


async def test_a_redirect_is_not_followed() -> None:
    """An open redirect at the provider would else let another server give the keys (SSRF)."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "https://evil.example/"})

    with pytest.raises(IdentityProviderUnavailable):
        await provider(answer).metadata()
    assert asked == [ISSUER + DISCOVERY]


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"issuer": ISSUER + "/"},
        {"issuer": ISSUER.upper()},
        {"issuer": None},
        {"jwks_uri": "http://login.hospital.example/keys"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_document_of_another_issuer_or_without_https_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(IdentityProviderUnavailable):
        await provider(lambda _: httpx.Response(200, json=DOCUMENT | change)).metadata()
