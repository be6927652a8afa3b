"""Sign-in by the identity provider or with an API token, and sign-out; each is an audit event."""

from datetime import datetime
from hmac import compare_digest

from gateway.audit import audit_log
from gateway.auth import api_tokens
from gateway.auth.authentication import Authentication
from gateway.auth.authenticator import Login
from gateway.auth.oidc_claims import record_user
from gateway.auth.oidc_login import SignIn
from gateway.auth.rate_limit import rate_limit_key
from gateway.database.connection import AsyncSession
from gateway.errors import NotFound, NotSignedIn
from gateway.principal import Principal, RequestContext

CALLBACK = "/auth/callback"


async def by_token(authentication: Authentication, text: str, context: RequestContext) -> str:
    """The secret of a new session, which ends with its token; raises InvalidToken or TooManyRequests."""
    await authentication.sign_in_rate.spend(rate_limit_key(context.address))
    async with authentication.refusals_recorded(context), authentication.database.transaction() as session:
        principal, until = await api_tokens.redeem(session, text)
        return await _begin_session(session, authentication, principal, context, until)


async def to_provider(
    authentication: Authentication, origin: str, return_to: str, context: RequestContext
) -> tuple[str, str]:
    """Where to send the browser, and the state that it has to bring back; raises NotFound without a provider."""
    sign_in, _ = _provider(authentication)
    await authentication.sign_in_rate.spend(rate_limit_key(context.address))
    async with authentication.database.transaction() as session:
        return await sign_in.begin(session, origin + CALLBACK, return_to)


async def from_provider(
    authentication: Authentication,
    origin: str,
    state: str,
    kept_state: str | None,
    code: str | None,
    context: RequestContext,
) -> tuple[str, str]:
    """The secret of a new session and the path to return to.

    `kept_state` is the state from this browser's cookie; another one is refused (login CSRF). Raises NotSignedIn,
    InvalidToken, UnknownRole, UnknownInstitution, ProviderAway, or NotFound without a provider.
    """
    sign_in, login = _provider(authentication)
    async with authentication.refusals_recorded(context):
        if kept_state is None or not compare_digest(state.encode(), kept_state.encode()):
            raise NotSignedIn("this sign-in was not begun by this browser; sign in again")
        async with authentication.database.transaction() as session:
            pending = await sign_in.pending(session, state)
        if code is None:
            raise NotSignedIn("the identity provider did not sign you in")
        claims = await sign_in.finish(pending, code, origin + CALLBACK)
        principal = login.claims.principal(claims)
    async with authentication.database.transaction() as session:
        await record_user(session, claims, principal)
        return await _begin_session(session, authentication, principal, context, None), pending.return_to


async def sign_out(
    authentication: Authentication, principal: Principal, secret: str | None, context: RequestContext
) -> None:
    """End the session of the browser."""
    async with authentication.database.transaction() as session:
        if secret is not None:
            await authentication.sessions.end(session, secret)
        await audit_log.record(session, principal, audit_log.Action.DELETE, "session", None, context)


async def _begin_session(
    session: AsyncSession,
    authentication: Authentication,
    principal: Principal,
    context: RequestContext,
    until: datetime | None,
) -> str:
    secret = await authentication.sessions.begin(session, principal, until)
    await audit_log.record(session, principal, audit_log.Action.LOGIN, "session", None, context)
    return secret


def _provider(authentication: Authentication) -> tuple[SignIn, Login]:
    if authentication.sign_in is None or authentication.login is None:
        raise NotFound("no identity provider is set up here; sign in with a token")
    return authentication.sign_in, authentication.login
