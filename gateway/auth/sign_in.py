"""Signing in, by the identity provider or with a token, and signing out; each leaves its word in the audit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from hmac import compare_digest

from gateway.audit import audit_log
from gateway.auth import api_tokens
from gateway.auth.authentication import Entrance
from gateway.auth.authenticator import Login
from gateway.auth.oidc_claims import note_person
from gateway.auth.oidc_login import SignIn
from gateway.auth.rate_limit import home_of
from gateway.database.connection import AsyncSession
from gateway.errors import NotFound, NotPermitted, NotSignedIn
from gateway.principal import Principal, RequestFacts

CALLBACK = "/auth/callback"


async def by_token(entrance: Entrance, text: str, facts: RequestFacts) -> str:
    """The secret of a new session, which ends with its token; raises InvalidToken or TooManyRequests."""
    await entrance.sign_ins.spend(home_of(facts.address))
    async with refusals_kept(entrance, facts), entrance.database.transaction() as session:
        principal, until = await api_tokens.redeem(session, text)
        return await _begin_session(session, entrance, principal, facts, until)


async def to_provider(entrance: Entrance, origin: str, return_to: str, facts: RequestFacts) -> tuple[str, str]:
    """Where to send the browser, and the state that it has to bring back; raises NotFound without a provider."""
    sign_in, _ = _provider(entrance)
    await entrance.sign_ins.spend(home_of(facts.address))
    async with entrance.database.transaction() as session:
        return await sign_in.begin(session, origin + CALLBACK, return_to)


async def from_provider(
    entrance: Entrance, origin: str, state: str, kept_state: str | None, code: str | None, facts: RequestFacts
) -> tuple[str, str]:
    """The secret of a new session and the path to return to.

    `kept_state` is what this browser was given, so that nobody is signed in by another's link. Raises NotSignedIn,
    InvalidToken, UnknownRole, UnknownInstitution, ProviderAway, or NotFound without a provider.
    """
    sign_in, login = _provider(entrance)
    async with refusals_kept(entrance, facts):
        if kept_state is None or not compare_digest(state.encode(), kept_state.encode()):
            raise NotSignedIn("this sign-in was not begun by this browser; sign in again")
        async with entrance.database.transaction() as session:
            pending = await sign_in.pending(session, state)
        if code is None:
            raise NotSignedIn("the identity provider did not sign you in")
        claims = await sign_in.finish(pending, code, origin + CALLBACK)
        principal = login.claims.principal(claims)
    async with entrance.database.transaction() as session:
        await note_person(session, claims, principal)
        return await _begin_session(session, entrance, principal, facts, None), pending.return_to


async def sign_out(entrance: Entrance, asking: Principal, secret: str | None, facts: RequestFacts) -> None:
    """End the session that the browser shows."""
    async with entrance.database.transaction() as session:
        if secret is not None:
            await entrance.sessions.end(session, secret)
        await audit_log.record(session, asking, audit_log.Action.DELETE, "session", None, facts)


@asynccontextmanager
async def refusals_kept(entrance: Entrance, facts: RequestFacts) -> AsyncIterator[None]:
    """A credential that opens nothing is in the audit before its refusal is told."""
    try:
        yield
    except (NotSignedIn, NotPermitted) as refusal:
        async with entrance.database.transaction() as session:
            await audit_log.record_stranger(session, entrance.settings.institution, facts, {"error": refusal.code})
        raise


async def _begin_session(
    session: AsyncSession, entrance: Entrance, principal: Principal, facts: RequestFacts, until: datetime | None
) -> str:
    secret = await entrance.sessions.begin(session, principal, until)
    await audit_log.record(session, principal, audit_log.Action.LOGIN, "session", None, facts)
    return secret


def _provider(entrance: Entrance) -> tuple[SignIn, Login]:
    if entrance.sign_in is None or entrance.login is None:
        raise NotFound("no identity provider is set up here; sign in with a token")
    return entrance.sign_in, entrance.login
