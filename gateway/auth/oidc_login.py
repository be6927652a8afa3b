"""The browser's way to the identity provider and back: authorisation code, PKCE (RFC 7636), state and nonce."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from gateway.auth.oidc_provider import TIMEOUT_S, Claims, Provider
from gateway.auth.secrets import new_secret, secret_hash
from gateway.auth.store import sessions
from gateway.database.connection import AsyncSession
from gateway.database.tables.people import PendingSignInRow
from gateway.errors import NotSignedIn, ProviderAway

PENDING: Final = timedelta(minutes=10)  # for a person to find the password


@dataclass(frozen=True)
class Client:
    """What this service is at the provider."""

    client_id: str
    client_secret: str | None
    scopes: tuple[str, ...]


class SignIn:
    """Sends browsers to the provider and takes them back, each once."""

    def __init__(self, provider: Provider, client: Client, http: httpx.AsyncClient) -> None:
        self._provider = provider
        self._client = client
        self._http = http

    async def begin(self, session: AsyncSession, redirect_uri: str, return_to: str) -> tuple[str, str]:
        """Where to send the browser, and the state that it has to bring back; raises ProviderAway."""
        metadata = await self._provider.metadata()
        state, nonce, verifier = new_secret(), new_secret(), new_secret()
        pending = PendingSignInRow(
            state_hash=secret_hash(state),
            nonce=nonce,
            verifier=verifier,
            return_to=_own_path(return_to),
            expires_at=datetime.now(UTC) + PENDING,
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
        joint = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(query)}", state

    async def pending(self, session: AsyncSession, state: str) -> PendingSignInRow:
        """The sign-in of that state, which is thereby used up; raises NotSignedIn for a replayed one."""
        row = await sessions.take_pending(session, secret_hash(state), datetime.now(UTC))
        if row is None:
            raise NotSignedIn("this sign-in was used already or took too long; sign in again")
        return row

    async def finish(self, pending: PendingSignInRow, code: str, redirect_uri: str) -> Claims:
        """Change the code into the login's claims; raises NotSignedIn or ProviderAway."""
        token = await self._exchange(code, pending.verifier, redirect_uri)
        return await self._provider.claims(token, self._client.client_id, pending.nonce)

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
            answer = await self._http.post(endpoint, data=form, auth=self._proof(), timeout=TIMEOUT_S)
            if answer.is_client_error:
                raise NotSignedIn("the identity provider did not take the code back; sign in again")
            token = answer.raise_for_status().json()["id_token"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ProviderAway("the identity provider did not end the sign-in") from error
        return str(token)

    def _proof(self) -> httpx.Auth:
        """client_secret_basic, each part encoded as a form's is (RFC 6749 2.3.1); nothing for a public client."""
        if self._client.client_secret is None:
            return httpx.Auth()
        return httpx.BasicAuth(quote_plus(self._client.client_id), quote_plus(self._client.client_secret))


def _own_path(path: str) -> str:
    """A path on this service, or the front page: no other site is ever returned to."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain else "/"


def _challenge(verifier: str) -> str:
    """RFC 7636 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
