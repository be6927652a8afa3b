"""The door: what a request shows -> who is asking, or why nobody comes in.

A credential that is shown is judged, never passed over for a weaker one: a bad token is refused also where a request
without any would be the local admin's.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.auth import api_tokens
from gateway.auth.browser_sessions import Sessions
from gateway.auth.oidc_claims import ClaimsMap, note_person
from gateway.auth.oidc_provider import Provider
from gateway.database.connection import Database
from gateway.errors import ForeignOrigin, InvalidToken, NotSignedIn
from gateway.principal import Principal
from gateway.settings.auth import is_loopback

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER: Final = "bearer "


@dataclass(frozen=True)
class Knock:
    """What a request shows of its sender. `origin` is the browser's word for the page that sent it, `own` is ours."""

    method: str
    host: str
    own: str
    authorization: str | None = None
    session: str | None = None
    origin: str | None = None
    fetch_site: str | None = None
    forwarded: bool = False

    @property
    def shows_credentials(self) -> bool:
        """Whether there is anything that could be refused, or guessed at."""
        return self.authorization is not None or self.session is not None


@dataclass(frozen=True)
class Login:
    """People by way of the identity provider."""

    provider: Provider
    audience: str
    claims: ClaimsMap


class Door:
    """Tokens and sessions always; bearer tokens of the provider with a `login`; the local admin where there is one."""

    def __init__(self, database: Database, sessions: Sessions, login: Login | None, local: Principal | None) -> None:
        self._database = database
        self._sessions = sessions
        self._login = login
        self._local = local

    async def admit(self, knock: Knock) -> Principal:
        """Who is asking; raises NotSignedIn, ForeignOrigin, UnknownRole, UnknownInstitution or ProviderAway."""
        if knock.authorization is not None:
            return await self._bearer(knock.authorization)
        if knock.session is not None:
            return await self._browser(knock, knock.session)
        if self._local is not None:
            _refuse_unless_from_here(knock)
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
            await note_person(session, claims, principal)
        return principal

    async def _browser(self, knock: Knock, secret: str) -> Principal:
        _refuse_forged(knock)
        async with self._database.transaction() as session:
            principal = await self._sessions.principal(session, secret)
        if principal is None:
            raise NotSignedIn("the session has ended; sign in again")
        return principal


def refuse_foreign_page(knock: Knock) -> None:
    """Refuse what the browser says was sent by a page that is not ours."""
    if knock.origin not in (None, knock.own) or knock.fetch_site not in (None, "same-origin", "none"):
        raise ForeignOrigin("this request was sent by another web page")


def _refuse_forged(knock: Knock) -> None:
    """A browser sends its cookie for whatever page asks; only our own may change something with it (CSRF)."""
    if knock.method in SAFE:
        return
    refuse_foreign_page(knock)
    if knock.origin is None and knock.fetch_site is None:
        raise ForeignOrigin("nothing says which page sent this request: send its Origin, or a token")


def _refuse_unless_from_here(knock: Knock) -> None:
    """Nobody shows a credential on this machine, so a page elsewhere must not speak for whoever sits at it.

    The Host must be a loopback name, or a name that an attacker's DNS turns to 127.0.0.1 would do (DNS rebinding); the
    page must be our own; and a request that passed a proxy came from anywhere.
    """
    if knock.forwarded or not is_loopback(_name_of(knock.host)):
        raise NotSignedIn("without a login this service answers on its own machine only: use http://localhost")
    refuse_foreign_page(knock)


def _name_of(host: str) -> str:
    """A Host header without its port; nothing when it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
