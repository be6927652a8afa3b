"""Authentication as the HTTP calls use it: credentials checked, refusals recorded and counted, uploads counted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from gateway.audit import audit_log
from gateway.auth.authenticator import Authenticator, Login
from gateway.auth.browser_sessions import Sessions
from gateway.auth.local_admin import local_admin
from gateway.auth.oidc_claims import ClaimsMap
from gateway.auth.oidc_login import Client, SignIn
from gateway.auth.oidc_provider import Provider, Trust
from gateway.auth.rate_limit import RateLimit, rate_limit_key
from gateway.auth.store import tokens
from gateway.database.connection import Database
from gateway.errors import NotPermitted, NotSignedIn
from gateway.http.request_credentials import RequestCredentials
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.settings.auth import AuthSettings

ACTIONS: Final = {"POST": audit_log.Action.CREATE, "PUT": audit_log.Action.UPDATE, "DELETE": audit_log.Action.DELETE}


class NoLogin(Exception):
    """The service would listen on an address that others reach, and no login is set up."""


@dataclass(frozen=True)
class Authentication:
    """Which credentials are accepted, how often they may fail, and how many uploads a principal may send."""

    settings: AuthSettings
    database: Database
    authenticator: Authenticator
    sessions: Sessions
    login: Login | None
    sign_in: SignIn | None
    sign_in_rate: RateLimit
    upload_rate: RateLimit
    local: bool

    @property
    def public_url(self) -> str | None:
        """The address that browsers know, where it differs from the Host header."""
        return self.settings.public_url

    @property
    def description(self) -> str:
        """The accepted logins, for the terminal."""
        if self.local:
            return "none is set up: every user of this machine is the local admin"
        return "API tokens" if self.sign_in is None else f"{self.settings.oidc_issuer}, and API tokens"

    async def authenticate(self, credentials: RequestCredentials, context: RequestContext) -> Principal:
        """The principal of a request; a refused credential is counted and recorded.

        Raises NotSignedIn, NotPermitted, ForeignOrigin, ProviderAway, and TooManyRequests after too many refusals.
        """
        if not credentials.has_credential:
            return await self.authenticator.authenticate(credentials)
        async with self.refusals_recorded(context):
            try:
                return await self.authenticator.authenticate(credentials)
            except (NotSignedIn, NotPermitted):
                await self.sign_in_rate.spend(rate_limit_key(context.address))
                raise

    @asynccontextmanager
    async def refusals_recorded(self, context: RequestContext) -> AsyncIterator[None]:
        """Write the audit event of a refused credential before the refusal is answered."""
        try:
            yield
        except (NotSignedIn, NotPermitted) as refusal:
            async with self.database.transaction() as session:
                await audit_log.record_stranger(session, self.settings.institution, context, {"error": refusal.code})
            raise

    async def record_refused_call(
        self, principal: Principal, context: RequestContext, method: str, scope: Scope
    ) -> None:
        """Write the audit event of a call that the principal has no scope for."""
        action, detail = ACTIONS.get(method, audit_log.Action.READ), {"scope": scope.value}
        async with self.database.transaction() as session:
            await audit_log.record(session, principal, action, "call", None, context, detail, audit_log.Outcome.REFUSED)

    async def count_upload(self, principal: Principal, context: RequestContext) -> None:
        """Count one upload; raises TooManyRequests."""
        await self.upload_rate.spend(principal.key, rate_limit_key(context.address))

    async def refuse_without_login(self) -> None:
        """Raise NoLogin when the only way in would be the local admin's, on an address that is not this machine's."""
        if self.local or self.login is not None:
            return
        async with self.database.transaction() as session:
            if not await tokens.any_live(session, datetime.now(UTC)):
                raise NoLogin(
                    "Others reach this address, and there is no login yet. Set up OpenID Connect (TURNSTILE_OIDC_ISSUER"
                    " and TURNSTILE_OIDC_CLIENT_ID), or make a first token: turnstile token create NAME --role admin"
                )


@asynccontextmanager
async def open_authentication(
    settings: AuthSettings, database: Database, loopback: bool
) -> AsyncIterator[Authentication]:
    """The authentication of a service. The local admin needs a loopback address, its setting, and no OIDC provider."""
    local = loopback and settings.local_admin and settings.oidc_issuer is None
    sessions = Sessions(timedelta(seconds=settings.session_idle_s), timedelta(seconds=settings.session_absolute_s))
    async with httpx.AsyncClient() as http:
        login, sign_in = _identity_provider(settings, http)
        yield Authentication(
            settings,
            database,
            Authenticator(database, sessions, login, local_admin(settings.institution) if local else None),
            sessions,
            login,
            sign_in,
            sign_in_rate=RateLimit(settings.sign_in_rate),
            upload_rate=RateLimit(settings.upload_rate),
            local=local,
        )


def _identity_provider(settings: AuthSettings, http: httpx.AsyncClient) -> tuple[Login, SignIn] | tuple[None, None]:
    """The identity provider, for bearer tokens and for browsers."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None, None
    trust = Trust(settings.oidc_issuer, settings.oidc_algorithms, settings.oidc_leeway_s)
    provider = Provider(trust, http)
    claims = ClaimsMap(
        settings.oidc_role_claim, settings.oidc_roles, settings.oidc_institution_claim, settings.institution
    )
    secret = settings.oidc_client_secret
    client = Client(settings.oidc_client_id, secret.get_secret_value() if secret else None, settings.oidc_scopes)
    return (
        Login(provider, settings.oidc_audience or settings.oidc_client_id, claims),
        SignIn(provider, client, http),
    )
