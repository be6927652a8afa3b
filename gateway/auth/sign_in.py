"""Sign-in with an API token or at the identity provider, and sign-out. Each writes an audit event.

A sign-in ends the session that the browser had (`former_session`), so that its cookie is worth nothing afterwards.
"""

from datetime import datetime
from hmac import compare_digest

from gateway.audit import audit_log
from gateway.auth import api_tokens
from gateway.auth.authentication import Authentication
from gateway.auth.authenticator import BearerValidation
from gateway.auth.oidc_claims import record_user
from gateway.auth.oidc_login import OidcLogin
from gateway.database.connection import AsyncSession
from gateway.errors import NotFound, NotSignedIn
from gateway.principal import Principal, RequestContext
from gateway.rate_limits.client_network import client_network

CALLBACK = "/auth/callback"


async def sign_in_with_token(
    authentication: Authentication, text: str, former_session: str | None, context: RequestContext
) -> str:
    """The secret of a new session, which ends at the token's expiry; raises InvalidToken or TooManyRequests."""
    refusals = authentication.refusals.recorded(context, api_tokens.account_of(text))
    async with refusals, authentication.database.transaction() as session:
        principal, until = await api_tokens.authenticate_token(session, text)
        await authentication.sign_ins.hit(principal.key)
        return await _create_session(session, authentication, principal, context, former_session, until)


async def start_oidc_login(
    authentication: Authentication, origin: str, return_to: str, context: RequestContext
) -> tuple[str, str]:
    """The provider's URL for the browser, and the state for its cookie; raises NotFound without a provider."""
    oidc_login, _ = _oidc(authentication)
    await authentication.login_starts.hit(client_network(context.address))
    async with authentication.database.transaction() as session:
        return await oidc_login.start(session, origin + CALLBACK, return_to)


async def finish_oidc_login(
    authentication: Authentication,
    origin: str,
    state: str,
    cookie_state: str | None,
    code: str | None,
    former_session: str | None,
    context: RequestContext,
) -> tuple[str, str]:
    """The secret of a new session, and the path to redirect to.

    `state` must equal `cookie_state`, from this browser's cookie (login CSRF). Raises NotSignedIn,
    InvalidToken, UnknownRole, UnknownInstitution, IdentityProviderUnavailable, or NotFound without a provider.
    """
    oidc_login, oidc = _oidc(authentication)
    async with authentication.refusals.recorded(context):
        if cookie_state is None or not compare_digest(state.encode(), cookie_state.encode()):
            raise NotSignedIn("this sign-in was not started in this browser; sign in again")
        async with authentication.database.transaction() as session:
            pending = await oidc_login.take_pending(session, state)
        if code is None:
            raise NotSignedIn("the identity provider did not sign you in")
        claims = await oidc_login.finish(pending, code, origin + CALLBACK)
        principal = oidc.claims.principal(claims)
    async with authentication.database.transaction() as session:
        await record_user(session, claims, principal)
        secret = await _create_session(session, authentication, principal, context, former_session)
    return secret, pending.return_to


async def sign_out(
    authentication: Authentication, principal: Principal, secret: str | None, context: RequestContext
) -> None:
    """Delete the browser's session."""
    async with authentication.database.transaction() as session:
        if secret is not None:
            await authentication.sessions.delete(session, secret)
        await audit_log.record(session, principal, audit_log.Action.DELETE, "session", None, context)


async def _create_session(
    session: AsyncSession,
    authentication: Authentication,
    principal: Principal,
    context: RequestContext,
    former_session: str | None,
    until: datetime | None = None,
) -> str:
    if former_session is not None:
        await authentication.sessions.delete(session, former_session)
    secret = await authentication.sessions.create(session, principal, until)
    await audit_log.record(session, principal, audit_log.Action.LOGIN, "session", None, context)
    return secret


def _oidc(authentication: Authentication) -> tuple[OidcLogin, BearerValidation]:
    if authentication.oidc_login is None or authentication.oidc is None:
        raise NotFound("no identity provider is configured; sign in with a token")
    return authentication.oidc_login, authentication.oidc
