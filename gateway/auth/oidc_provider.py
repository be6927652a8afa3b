"""One OpenID Connect provider: its discovery document, its keys, and the check of its tokens.

Providers rotate their keys, so they are fetched again when a token names an unknown one; at most every
`MIN_FETCH_INTERVAL_S` seconds, since anybody can send a token with an invented key id. While the provider does not
answer, the known keys are used.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any, Final

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import AfterValidator, BaseModel, ValidationError

from gateway.auth.signed_token import SignedToken, verified
from gateway.auth.token_kinds import check_access_token, check_id_token
from gateway.errors import IdentityProviderUnavailable, InvalidToken
from gateway.settings.auth import https_or_loopback

log = structlog.get_logger(__name__)

DISCOVERY: Final = "/.well-known/openid-configuration"
KEYS_MAX_AGE_S: Final = 600.0  # the longest that a withdrawn key is accepted while the provider answers
MIN_FETCH_INTERVAL_S: Final = 10.0
TIMEOUT_S: Final = 5.0
LATEST_TIME_S: Final = 253_402_300_799  # the end of the year 9999; a later expiry is none
SIGNING_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})

Claims = Mapping[str, Any]
Url = Annotated[str, AfterValidator(https_or_loopback)]


class Metadata(BaseModel):
    """The used fields of the discovery document (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url


@dataclass(frozen=True)
class TrustedIssuer:
    """The issuer whose tokens are accepted, with which algorithms and which clock difference."""

    issuer: str
    algorithms: tuple[str, ...]
    leeway_s: int


class OidcProvider:
    """The provider at `trust.issuer`, over `client`. Nothing is fetched before it is needed."""

    def __init__(self, trust: TrustedIssuer, client: httpx.AsyncClient) -> None:
        self._trust = trust
        self._client = client
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._last_success_s = self._last_attempt_s = float("-inf")
        self._fetch_lock = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """The discovery document; raises IdentityProviderUnavailable."""
        if self._metadata is None:
            document = await self._get(self._trust.issuer.rstrip("/") + DISCOVERY)
            try:
                metadata = Metadata.model_validate(document)
            except ValidationError as error:
                raise IdentityProviderUnavailable(
                    "the identity provider's discovery document cannot be used"
                ) from error
            if metadata.issuer != self._trust.issuer:  # Discovery 4.3
                raise IdentityProviderUnavailable(
                    "the issuer in the identity provider's discovery document is not TURNSTILE_OIDC_ISSUER"
                )
            self._metadata = metadata
        return self._metadata

    async def id_token_claims(self, text: str, client_id: str, nonce: str) -> Claims:
        """The claims of the ID token of a login; raises InvalidToken and IdentityProviderUnavailable."""
        with _as_invalid_token():
            token = await self._valid_token(text, client_id, "iat")
            check_id_token(token, client_id, nonce)
        return token.claims

    async def access_token_claims(self, text: str, audience: str, clients: Collection[str]) -> Claims:
        """The claims of an access token for this audience; raises InvalidToken and IdentityProviderUnavailable.

        `clients` are those to which the provider may have issued it.
        """
        with _as_invalid_token():
            token = await self._valid_token(text, audience)
            check_access_token(token, clients)
        return token.claims

    async def _valid_token(self, text: str, audience: str, *further_claims: str) -> SignedToken:
        """The token; raises JoseError or ValueError for another issuer, audience or key, and for an expired one."""
        keys = await self._keys_not_older_than(KEYS_MAX_AGE_S)
        try:
            token = verified(text, keys, self._trust.algorithms)
        except InvalidKeyIdError:
            newer = await self._keys_not_older_than(MIN_FETCH_INTERVAL_S)
            token = verified(text, newer, self._trust.algorithms)
        required: dict[str, jwt.ClaimsOption] = {
            "iss": {"essential": True, "value": self._trust.issuer},
            "aud": {"essential": True, "value": audience},
            **{name: {"essential": True} for name in ("sub", "exp", *further_claims)},
        }
        jwt.JWTClaimsRegistry(None, self._trust.leeway_s, **required).validate(dict(token.claims))
        if any(not 0 <= token.claims.get(name, 0) <= LATEST_TIME_S for name in ("exp", "nbf", "iat")):
            raise ValueError("a time of the token is out of range")
        return token

    async def _keys_not_older_than(self, older_than_s: float) -> KeySet:
        """The keys, fetched again when they are older. Known keys are used while the provider does not answer."""
        async with self._fetch_lock:
            now_s = monotonic()
            if now_s - self._last_success_s > older_than_s and now_s - self._last_attempt_s > MIN_FETCH_INTERVAL_S:
                self._last_attempt_s = now_s
                try:
                    self._keys = _signing_keys(await self._get((await self.metadata()).jwks_uri))
                    self._last_success_s = now_s
                except IdentityProviderUnavailable:
                    if self._keys is None:
                        raise
                    log.warning("the identity provider does not answer; its known keys are used")
            if self._keys is None:
                raise IdentityProviderUnavailable("the identity provider does not answer")
            return self._keys

    async def _get(self, url: str) -> Any:
        try:
            answer = await self._client.get(url, timeout=TIMEOUT_S)
            return answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError, RecursionError) as error:
            raise IdentityProviderUnavailable("the identity provider does not answer") from error


@contextmanager
def _as_invalid_token() -> Iterator[None]:
    try:
        yield
    except ExpiredTokenError as error:
        raise InvalidToken("the login has expired; sign in again") from error
    except (JoseError, ValueError) as error:
        log.info("token refused", reason=type(error).__name__)
        raise InvalidToken("the identity provider did not issue this token for this service") from error


def _signing_keys(document: Any) -> KeySet:
    """The public keys for signatures, without symmetric keys and keys for encryption."""
    try:
        keys = [key for key in document["keys"] if key["kty"] in SIGNING_KEY_TYPES and key.get("use", "sig") == "sig"]
        return KeySet.import_key_set({"keys": keys})
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise IdentityProviderUnavailable("the identity provider's keys cannot be read") from error
