"""One OpenID Connect provider: its discovery document, its keys, and whether it signed a token for us.

The keys are fetched again when a token names one that is not known, for providers rotate them; at most every
PAUSE_S seconds, for anybody may send a token that names a key of no one. While the provider is away, known keys serve.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any, Final

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import AfterValidator, BaseModel, ValidationError

from gateway.errors import InvalidToken, ProviderAway
from gateway.settings.auth import https_or_loopback

log = structlog.get_logger(__name__)

DISCOVERY: Final = "/.well-known/openid-configuration"
FRESH_S: Final = 600.0  # a key that the provider withdrew is believed no longer than this while the provider answers
PAUSE_S: Final = 10.0
TIMEOUT_S: Final = 5.0
SIGNING_KEYS: Final = frozenset({"RSA", "EC", "OKP"})

Claims = Mapping[str, Any]
Url = Annotated[str, AfterValidator(https_or_loopback)]


class Metadata(BaseModel):
    """What we need of the discovery document (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url


@dataclass(frozen=True)
class Trust:
    """Whose tokens are believed, and how far."""

    issuer: str
    algorithms: tuple[str, ...]
    leeway_s: int


class Provider:
    """The provider at `trust.issuer`, asked over `client`; nothing is fetched before it is needed."""

    def __init__(self, trust: Trust, client: httpx.AsyncClient) -> None:
        self._trust = trust
        self._client = client
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._fetched_s = self._tried_s = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """The discovery document; raises ProviderAway."""
        if self._metadata is None:
            found = await self._get(self._trust.issuer.rstrip("/") + DISCOVERY)
            try:
                metadata = Metadata.model_validate(found)
            except ValidationError as error:
                raise ProviderAway("the identity provider's discovery document cannot be used") from error
            if metadata.issuer != self._trust.issuer:  # Discovery 4.3
                raise ProviderAway("the identity provider calls itself by another name than the one that is set")
            self._metadata = metadata
        return self._metadata

    async def claims(self, token: str, audience: str, nonce: str | None = None) -> Claims:
        """The token's claims; raises InvalidToken when it is not the provider's, not for us, or not now."""
        try:
            claims = (await self._verified(token)).claims
            self._rules(audience, nonce).validate(claims)
        except ExpiredTokenError as error:
            raise InvalidToken("the login has expired; sign in again") from error
        except (JoseError, ValueError) as error:
            log.info("token refused", reason=type(error).__name__)
            raise InvalidToken("the token is not one that the identity provider gave for this service") from error
        return claims

    async def _verified(self, token: str) -> jwt.Token:
        keys = await self._known_keys(FRESH_S)
        try:
            return jwt.decode(token, keys, algorithms=self._trust.algorithms)
        except InvalidKeyIdError:
            return jwt.decode(token, await self._known_keys(PAUSE_S), algorithms=self._trust.algorithms)

    def _rules(self, audience: str, nonce: str | None) -> jwt.JWTClaimsRegistry:
        wanted: dict[str, jwt.ClaimsOption] = {
            "iss": {"essential": True, "value": self._trust.issuer},
            "aud": {"essential": True, "value": audience},
            "sub": {"essential": True},
            "exp": {"essential": True},
        }
        if nonce is not None:
            wanted["nonce"] = {"essential": True, "value": nonce}
        return jwt.JWTClaimsRegistry(None, self._trust.leeway_s, **wanted)

    async def _known_keys(self, older_than_s: float) -> KeySet:
        """The keys, fetched when those we have are older; what is known serves on while the provider is away."""
        async with self._one_at_a_time:
            now_s = monotonic()
            if now_s - self._fetched_s > older_than_s and now_s - self._tried_s > PAUSE_S:
                self._tried_s = now_s
                try:
                    self._keys = _signing(await self._get((await self.metadata()).jwks_uri))
                    self._fetched_s = now_s
                except ProviderAway:
                    if self._keys is None:
                        raise
                    log.warning("the identity provider is away; its known keys serve on")
            if self._keys is None:
                raise ProviderAway("the identity provider does not answer")
            return self._keys

    async def _get(self, url: str) -> Any:
        try:
            answer = await self._client.get(url, timeout=TIMEOUT_S)
            return answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway("the identity provider does not answer") from error


def _signing(found: Any) -> KeySet:
    """The public keys for signatures; a symmetric key, or one for encryption, has no business here."""
    try:
        kept = [key for key in found["keys"] if key["kty"] in SIGNING_KEYS and key.get("use", "sig") == "sig"]
        return KeySet.import_key_set({"keys": kept})
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ProviderAway("the identity provider's keys cannot be read") from error
