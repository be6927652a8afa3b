"""The principal of a request, from its credentials.

A credential in the request is always checked: an invalid token is refused even where a request without credentials
would be accepted as the local admin.
"""

from dataclasses import dataclass
from typing import Final

from gateway.auth import api_tokens
from gateway.auth.browser_sessions import BrowserSessions
from gateway.auth.oidc_claims import ClaimMapping, record_user
from gateway.auth.oidc_provider import OidcProvider
from gateway.database.connection import Database
from gateway.errors import (
    DatabaseUnavailable,
    ForeignOrigin,
    IdentityProviderUnavailable,
    InvalidToken,
    NotPermitted,
    NotSignedIn,
)
from gateway.http.host_header import host_name
from gateway.http.request_credentials import RequestCredentials, refuse_cross_site
from gateway.principal import Principal
from gateway.settings.auth import is_loopback

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER_PREFIX: Final = "bearer "


@dataclass(frozen=True)
class BearerValidation:
    """How bearer tokens of the identity provider are checked: provider, audience, clients, mapping of claims."""

    provider: OidcProvider
    audience: str
    clients: frozenset[str]
    claims: ClaimMapping


class Authenticator:
    """Accepts API tokens and sessions, the provider's bearer tokens with `oidc`, and the local admin if given."""

    def __init__(
        self,
        database: Database,
        sessions: BrowserSessions,
        oidc: BearerValidation | None,
        local_admin: Principal | None,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._oidc = oidc
        self._local_admin = local_admin

    async def authenticate(self, credentials: RequestCredentials) -> Principal:
        """The principal.

        Raises NotSignedIn, ForeignOrigin, InvalidClaims, UnknownRole, UnknownInstitution or
        IdentityProviderUnavailable.
        """
        if credentials.authorization is not None:
            return await self._bearer(credentials.authorization)
        if credentials.session is not None:
            return await self._browser_session(credentials, credentials.session)
        if self._local_admin is not None:
            _refuse_unless_local(credentials)
            return self._local_admin
        raise NotSignedIn("sign in, or send a token: Authorization: Bearer ts_...")

    async def is_still_valid(self, credentials: RequestCredentials) -> bool:
        """Whether the credentials would be accepted now; a session is not prolonged by the question.

        What does not answer revokes nothing: then they are as valid as before.
        """
        try:
            if credentials.authorization is not None:
                await self._bearer(credentials.authorization)
            elif credentials.session is not None:
                async with self._database.transaction() as session:
                    return await self._sessions.is_valid(session, credentials.session)
        except (NotSignedIn, NotPermitted):
            return False
        except (DatabaseUnavailable, IdentityProviderUnavailable):
            return True
        return True

    async def _bearer(self, authorization: str) -> Principal:
        text = bearer_token(authorization)
        if text is None:
            raise InvalidToken("the Authorization header must hold a bearer token: Authorization: Bearer ts_...")
        if text.startswith(api_tokens.PREFIX):
            async with self._database.transaction() as session:
                return (await api_tokens.authenticate_token(session, text))[0]
        if self._oidc is None:
            raise InvalidToken("the token is not one of this service, and no identity provider is set up")
        return await self._oidc_user(self._oidc, text)

    async def _oidc_user(self, oidc: BearerValidation, text: str) -> Principal:
        claims = await oidc.provider.access_token_claims(text, oidc.audience, oidc.clients)
        principal = oidc.claims.principal(claims)
        async with self._database.transaction() as session:
            await record_user(session, claims, principal)
        return principal

    async def _browser_session(self, credentials: RequestCredentials, secret: str) -> Principal:
        _refuse_csrf(credentials)
        async with self._database.transaction() as session:
            principal = await self._sessions.find_principal(session, secret)
        if principal is None:
            raise NotSignedIn("the session has ended; sign in again")
        return principal


def bearer_token(authorization: str | None) -> str | None:
    """The token of an Authorization header; None when it holds none."""
    if authorization is None or authorization[: len(BEARER_PREFIX)].lower() != BEARER_PREFIX:
        return None
    return authorization[len(BEARER_PREFIX) :].strip() or None


def _refuse_csrf(credentials: RequestCredentials) -> None:
    """Only our own page may change something with the session cookie, which browsers send for any page (CSRF)."""
    if credentials.method in SAFE_METHODS:
        return
    refuse_cross_site(credentials)
    if credentials.origin is None and credentials.fetch_site is None:
        raise ForeignOrigin("the request does not say which page sent it: send an Origin header, or a token")


def _refuse_unless_local(credentials: RequestCredentials) -> None:
    """The local admin has no credential, so the request must come from this machine, and from our own page.

    The Host must be a loopback name; otherwise a name that an attacker's DNS resolves to 127.0.0.1 would be accepted
    (DNS rebinding). A request with a proxy's header may come from another machine and is refused.
    """
    if credentials.forwarded or not is_loopback(host_name(credentials.host) or ""):
        raise NotSignedIn("without a login this service answers on its own machine only: use http://localhost")
    refuse_cross_site(credentials)
