"""Which kind of token a JWT is, and for which client it was issued.

An ID token tells a client who has signed in (OpenID Connect Core 1.0, 2), an access token what its bearer may call
(RFC 9068). Both are signed with the same keys, so one must not pass for the other. Providers say the kind in different
places: in the header `typ` (RFC 9068 2.1: `at+jwt`), in a claim `typ` (Keycloak) or `token_use` (Cognito). Where none
of them does, the claims that only ID tokens have decide.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from gateway.auth.signed_token import SignedToken

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - RFC 9068 2.1
UNSPECIFIED_TYPES: Final = (None, "jwt")
SAID_OF_ID_TOKENS: Final = {"typ": "id", "token_use": "id"}
SAID_OF_ACCESS_TOKENS: Final = {"typ": "bearer", "token_use": "access"}
ID_TOKEN_CLAIMS: Final = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})  # OpenID Connect Core 2, 3.3.2.11
CLIENT_CLAIMS: Final = ("azp", "client_id")  # OpenID Connect Core 2; RFC 9068 2.2


def check_id_token(token: SignedToken, client_id: str, nonce: str) -> None:
    """Raise ValueError unless it is an ID token of this login for this client (OpenID Connect Core 3.1.3.7)."""
    claims = token.claims
    if _type(token.header) not in UNSPECIFIED_TYPES or not _agrees(claims, SAID_OF_ID_TOKENS):
        raise ValueError("this is no ID token")
    if claims.get("nonce") != nonce:
        raise ValueError("the ID token is of another login")
    audiences = claims["aud"]
    several = isinstance(audiences, list) and len(audiences) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise ValueError("the ID token is for another client")


def check_access_token(token: SignedToken, clients: Collection[str]) -> None:
    """Raise ValueError unless it is an access token that was issued to one of the clients, if it names its client."""
    kind, claims = _type(token.header), token.claims
    if kind not in (ACCESS_TOKEN_TYPE, *UNSPECIFIED_TYPES) or not _agrees(claims, SAID_OF_ACCESS_TOKENS):
        raise ValueError("this is no access token")
    is_stated = kind == ACCESS_TOKEN_TYPE or SAID_OF_ACCESS_TOKENS.keys() & claims.keys()
    if not is_stated and ID_TOKEN_CLAIMS & claims.keys():
        raise ValueError("an ID token is no access token")
    if any(name in claims and claims[name] not in tuple(clients) for name in CLIENT_CLAIMS):
        raise ValueError("the access token was issued to another client")


def _type(header: Mapping[str, Any]) -> str | None:
    """The media type in the header, without `application/`, which may be left out (RFC 7515 4.1.9)."""
    kind = header.get("typ")
    return str(kind).lower().removeprefix("application/") if kind is not None else None


def _agrees(claims: Mapping[str, Any], expected: Mapping[str, str]) -> bool:
    """Whether each of these claims is absent or as expected, in letters of any case."""
    return all(str(claims[name]).lower() == value for name, value in expected.items() if name in claims)
