"""An ID token is no access token, and a token for another client is none for this one."""

from typing import Any, Final

import pytest

from gateway.auth.signed_token import SignedToken
from gateway.auth.token_kinds import check_access_token, check_id_token

CLIENT: Final = "turnstile"
CLAIMS: Final = {"aud": CLIENT, "sub": "u-1"}


def is_access_token(header: dict[str, Any], **claims: Any) -> bool:
    try:
        check_access_token(SignedToken(header, CLAIMS | claims), {CLIENT, "archive"})
    except ValueError:
        return False
    return True


def is_id_token(header: dict[str, Any], **claims: Any) -> bool:
    try:
        check_id_token(SignedToken(header, CLAIMS | {"nonce": "n"} | claims), CLIENT, "n")
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}, {"typ": "at+jwt"}, {"typ": "application/AT+JWT"}])
def test_types_of_access_tokens(header: dict[str, Any]) -> None:
    assert is_access_token(header)
    assert is_access_token(header, typ="Bearer", nonce="Keycloak before 24")
    assert is_access_token(header, token_use="access")  # noqa: S106 - no password
    assert is_access_token(header, azp=CLIENT, client_id="archive")


@pytest.mark.parametrize("header", [{"typ": "logout+jwt"}, {"typ": "dpop+jwt"}, {"typ": 5}, {"typ": ["at+jwt"]}])
def test_other_types_are_refused(header: dict[str, Any]) -> None:
    assert not is_access_token(header)
    assert not is_id_token(header)


@pytest.mark.parametrize(
    "claims",
    [
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": ["Bearer"]},
        {"token_use": "id"},
        {"nonce": "n"},
        {"at_hash": "x"},
        {"azp": "another"},
        {"client_id": "another"},
        {"azp": CLIENT, "client_id": "another"},
        {"azp": [CLIENT]},
        {"azp": None},
    ],
)
def test_these_are_no_access_tokens(claims: dict[str, Any]) -> None:
    assert not is_access_token({"typ": "JWT"}, **claims)


def test_id_tokens() -> None:
    assert is_id_token({})
    assert is_id_token({"typ": "JWT"}, typ="ID", azp=CLIENT)
    assert is_id_token({}, aud=[CLIENT])
    assert is_id_token({}, aud=[CLIENT, "another"], azp=CLIENT)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "at+jwt"}, {}),
        ({}, {"typ": "Bearer"}),
        ({}, {"token_use": "access"}),
        ({}, {"nonce": "of another login"}),
        ({}, {"nonce": ["n"]}),
        ({}, {"azp": "another"}),
        ({}, {"azp": [CLIENT]}),
        ({}, {"azp": None}),
        ({}, {"aud": [CLIENT, "another"]}),
    ],
)
def test_these_are_no_id_tokens(header: dict[str, Any], claims: dict[str, Any]) -> None:
    assert not is_id_token(header, **claims)
