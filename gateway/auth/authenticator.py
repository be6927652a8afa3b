"""The principal of a request, from its credentials.

A credential that is sent is checked and never passed over for a weaker one: an invalid token is refused also where a
request without credentials would be the local admin's.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.auth import api_tokens
from gateway.auth.browser_sessions import Sessions
from gateway.auth.oidc_claims import ClaimsMap, record_user
from gateway.auth.oidc_provider import Provider
from gateway.database.connection import Database
from gateway.errors import ForeignOrigin, InvalidToken, NotSignedIn
from gateway.http.request_credentials import RequestCredentials, refuse_cross_site
from gateway.principal import Principal
from gateway.settings.auth import is_loopback

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER: Final = "bearer "


@dataclass(frozen=True)
class Login:
    """Bearer tokens of the identity provider: who issued them, for whom, and what their claims mean."""

    provider: Provider
    audience: str
    claims: ClaimsMap


class Authenticator:
    """Accepts API tokens and sessions always, the provider's bearer tokens with a `login`, and the local admin if set."""

    def __init__(self, database: Database, sessions: Sessions, login: Login | None, local: Principal | None) -> None:
        self._database = database
        self._sessions = sessions
        self._login = login
        self._local = local

    async def authenticate(self, credentials: RequestCredentials) -> Principal:
        """The principal; raises NotSignedIn, ForeignOrigin, UnknownRole, UnknownInstitution or ProviderAway."""
        if credentials.authorization is not None:
            return await self._bearer(credentials.authorization)
        if credentials.session is not None:
            return await self._browser(credentials, credentials.session)
        if self._local is not None:
            _refuse_unless_local(credentials)
            return self._local
        raise NotSignedIn("sign in, or send a token: Authorization: Bearer ts_...")

    async def _bearer(self, authorization: str) -> Principal:
        text = authorization[len(BEARER) :].strip()
        if authorization[: len(BEARER)].lower() != BEARER or not text:
            raise InvalidToken("the Authorization header takes a bearer token")
        if text.startswith(api_tokens.PREFIX):
            async with self._database.transaction() as session:
                return (await api_tokens.redeem(session, text))[0]
        if self._login is None:
            raise InvalidToken("the token is not one of this service, and no identity provider is set up")
        return await self._person(self._login, text)

    async def _person(self, login: Login, text: str) -> Principal:
        claims = await login.provider.claims(text, login.audience)
        principal = login.claims.principal(claims)
        async with self._database.transaction() as session:
            await record_user(session, claims, principal)
        return principal

    async def _browser(self, credentials: RequestCredentials, secret: str) -> Principal:
        _refuse_csrf(credentials)
        async with self._database.transaction() as session:
            principal = await self._sessions.principal(session, secret)
        if principal is None:
            raise NotSignedIn("the session has ended; sign in again")
        return principal


def _refuse_csrf(credentials: RequestCredentials) -> None:
    """A browser sends its cookie with the requests of any page; only our own may change something with it (CSRF)."""
    if credentials.method in SAFE:
        return
    refuse_cross_site(credentials)
    if credentials.origin is None and credentials.fetch_site is None:
        raise ForeignOrigin("the request does not say which page sent it: send an Origin header, or a token")


def _refuse_unless_local(credentials: RequestCredentials) -> None:
    """The local admin has no credential, so only our own page on this machine may act for it.

    The Host must be a loopback name: with any other, a name that an attacker's DNS resolves to 127.0.0.1 would pass (DNS
    rebinding). A request that passed a proxy may come from anywhere and is refused.
    """
    if credentials.forwarded or not is_loopback(_host_name(credentials.host)):
        raise NotSignedIn("without a login this service answers on its own machine only: use http://localhost")
    refuse_cross_site(credentials)


def _host_name(host: str) -> str:
    """A Host header without its port; nothing when it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
