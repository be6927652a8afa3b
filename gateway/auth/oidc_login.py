"""OIDC login of a browser: authorisation code flow with PKCE (RFC 7636), state and nonce."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from gateway.auth.oidc_provider import TIMEOUT_S, Claims, OidcProvider
from gateway.auth.secrets import new_secret, secret_hash
from gateway.auth.store import sessions
from gateway.database.connection import AsyncSession
from gateway.database.tables.auth import PendingLoginRow
from gateway.errors import IdentityProviderUnavailable, NotSignedIn

LOGIN_TIMEOUT: Final = timedelta(minutes=10)  # for a user to enter the password


@dataclass(frozen=True)
class OidcClient:
    """This service as a client of the identity provider."""

    client_id: str
    client_secret: str | None
    scopes: tuple[str, ...]


class OidcLogin:
    """Starts logins at the provider and finishes each once."""

    def __init__(self, provider: OidcProvider, client: OidcClient, http: httpx.AsyncClient) -> None:
        self._provider = provider
        self._client = client
        self._http = http

    async def start(self, session: AsyncSession, redirect_uri: str, return_to: str) -> tuple[str, str]:
        """The provider's URL for the browser, and the state; raises IdentityProviderUnavailable."""
        metadata = await self._provider.metadata()
        state, nonce, verifier = new_secret(), new_secret(), new_secret()
        pending = PendingLoginRow(
            state_hash=secret_hash(state),
            nonce=nonce,
            verifier=verifier,
            return_to=_path_on_this_service(return_to),
            expires_at=datetime.now(UTC) + LOGIN_TIMEOUT,
        )
        sessions.add(session, pending)
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._client.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return f"{metadata.authorization_endpoint}{separator}{urlencode(query)}", state

    async def take_pending(self, session: AsyncSession, state: str) -> PendingLoginRow:
        """The pending login with this state. It is deleted: raises NotSignedIn for a replayed or expired one."""
        row = await sessions.take_pending(session, secret_hash(state), datetime.now(UTC))
        if row is None:
            raise NotSignedIn("this sign-in was used already or took more than 10 minutes; sign in again")
        return row

    async def finish(self, pending: PendingLoginRow, code: str, redirect_uri: str) -> Claims:
        """Exchange the code for the claims of the ID token; raises NotSignedIn or IdentityProviderUnavailable."""
        token = await self._exchange(code, pending.verifier, redirect_uri)
        return await self._provider.id_token_claims(token, self._client.client_id, pending.nonce)

    async def _exchange(self, code: str, verifier: str, redirect_uri: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client.client_id,
            "code_verifier": verifier,
        }
        endpoint = (await self._provider.metadata()).token_endpoint
        try:
            answer = await self._http.post(endpoint, data=form, auth=self._client_authentication(), timeout=TIMEOUT_S)
            if answer.is_client_error:
                raise NotSignedIn("the identity provider refused the authorisation code; sign in again")
            token = answer.raise_for_status().json()["id_token"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise IdentityProviderUnavailable("the identity provider did not answer the token request") from error
        return str(token)

    def _client_authentication(self) -> httpx.Auth:
        """client_secret_basic, each part form-encoded (RFC 6749 2.3.1); nothing for a public client."""
        if self._client.client_secret is None:
            return httpx.Auth()
        return httpx.BasicAuth(quote_plus(self._client.client_id), quote_plus(self._client.client_secret))


def _path_on_this_service(path: str) -> str:
    """The path when it is one on this service, else `/`: no redirect to another site."""
    local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if local else "/"


def _challenge(verifier: str) -> str:
    """RFC 7636 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
