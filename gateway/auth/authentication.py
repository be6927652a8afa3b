"""Authentication for HTTP: it checks credentials, records and counts refusals, and counts uploads."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from gateway.audit import audit_log
from gateway.auth.api_tokens import account_of
from gateway.auth.authenticator import Authenticator, BearerValidation, bearer_token
from gateway.auth.browser_sessions import BrowserSessions
from gateway.auth.local_admin import local_admin
from gateway.auth.oidc_claims import ClaimMapping
from gateway.auth.oidc_login import OidcClient, OidcLogin
from gateway.auth.oidc_provider import OidcProvider, TrustedIssuer
from gateway.auth.refusals import Refusals
from gateway.auth.store import tokens
from gateway.database.connection import Database
from gateway.errors import NotFound
from gateway.http.limited_calls import Limited
from gateway.http.request_credentials import RequestCredentials
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext
from gateway.rate_limits.client_network import client_network
from gateway.rate_limits.rate_limit import RateLimit, RateLimits
from gateway.settings.auth import AuthSettings
from screening.user_error import UserError

ACTIONS: Final = {"POST": audit_log.Action.CREATE, "PUT": audit_log.Action.UPDATE, "DELETE": audit_log.Action.DELETE}


class LoginNotConfigured(UserError):
    """The service would listen on an address that other machines reach, and no login is configured."""


@dataclass(frozen=True)
class Authentication:
    """Which credentials are accepted, and how often a principal or an address may do what is limited."""

    settings: AuthSettings
    database: Database
    authenticator: Authenticator
    sessions: BrowserSessions
    oidc: BearerValidation | None
    oidc_login: OidcLogin | None
    refusals: Refusals
    login_starts: RateLimit
    sign_ins: RateLimit
    uploads: RateLimit
    lists: RateLimit
    not_found: RateLimit
    local_admin_enabled: bool

    @property
    def public_url(self) -> str | None:
        """The service's address in browsers, where it differs from the Host header."""
        return self.settings.public_url

    @property
    def description(self) -> str:
        """The accepted logins, as text for the terminal."""
        if self.local_admin_enabled:
            return "none is configured: every user of this machine is the local admin"
        return "API tokens" if self.oidc_login is None else f"{self.settings.oidc_issuer}, and API tokens"

    async def authenticate(self, credentials: RequestCredentials, context: RequestContext) -> Principal:
        """The principal of a request; a refused credential is counted and recorded.

        Raises NotSignedIn, NotPermitted, ForeignOrigin, IdentityProviderUnavailable, and TooManyRequests after too
        many guesses.
        """
        if not credentials.has_credential:
            return await self.authenticator.authenticate(credentials)
        async with self.refusals.recorded(context, account_of(bearer_token(credentials.authorization))):
            return await self.authenticator.authenticate(credentials)

    async def record_refused_call(
        self, principal: Principal, context: RequestContext, method: str, scope: Scope
    ) -> None:
        """Write the audit event of a call that the principal has no scope for; raises TooManyRequests."""
        await self.lists.hit(principal.key)
        action, detail = ACTIONS.get(method, audit_log.Action.READ), {"scope": scope.value}
        async with self.database.transaction() as session:
            await audit_log.record(session, principal, action, "call", None, context, detail, audit_log.Outcome.REFUSED)

    async def record_not_found(
        self, principal: Principal, context: RequestContext, method: str, entity: str, ids: Sequence[str]
    ) -> None:
        """Write the audit event of a call for records that the institution does not have; raises TooManyRequests.

        They may be another institution's: who guesses ids leaves a trace, and is limited.
        """
        await self.not_found.hit(principal.key)
        action, detail = ACTIONS.get(method, audit_log.Action.READ), {"error": NotFound.code, "ids": tuple(ids)}
        id_ = ids[0] if len(ids) == 1 else None
        async with self.database.transaction() as session:
            await audit_log.record(session, principal, action, entity, id_, context, detail, audit_log.Outcome.REFUSED)

    async def is_still_valid(self, credentials: RequestCredentials) -> bool:
        """Whether the credentials of a call that goes on are neither revoked nor expired since it began."""
        return await self.authenticator.is_still_valid(credentials)

    async def count(self, limited: Limited, principal: Principal, context: RequestContext) -> None:
        """Count one call of this kind; raises TooManyRequests."""
        if limited is Limited.UPLOAD:
            await self.uploads.hit(principal.key, client_network(context.address))
        else:
            await self.lists.hit(principal.key)

    async def require_login(self) -> None:
        """Raise LoginNotConfigured when there is no local admin, no identity provider and no valid API token."""
        if self.local_admin_enabled or self.oidc is not None:
            return
        async with self.database.transaction() as session:
            if not await tokens.any_valid_token(session, datetime.now(UTC)):
                raise LoginNotConfigured(
                    "Other machines reach this address, and no login exists yet. Set TURNSTILE_OIDC_ISSUER and"
                    " TURNSTILE_OIDC_CLIENT_ID, or create a first token: turnstile token create NAME --role admin"
                )


@asynccontextmanager
async def open_authentication(
    settings: AuthSettings, database: Database, limits: RateLimits, loopback: bool
) -> AsyncIterator[Authentication]:
    """The authentication of a service. The local admin needs a loopback address, its setting, and no OIDC provider."""
    local_admin_enabled = loopback and settings.local_admin and settings.oidc_issuer is None
    sessions = BrowserSessions(
        timedelta(seconds=settings.session_idle_s), timedelta(seconds=settings.session_absolute_s)
    )
    async with httpx.AsyncClient() as http:
        oidc, oidc_login = _identity_provider(settings, http)
        yield Authentication(
            settings,
            database,
            Authenticator(database, sessions, oidc, local_admin(settings.institution) if local_admin_enabled else None),
            sessions,
            oidc,
            oidc_login,
            refusals=_refusals(settings, database, limits),
            login_starts=limits.limit("login starts", settings.login_start_rate),
            sign_ins=limits.limit("sign-ins", settings.sign_in_rate),
            uploads=limits.limit("uploads", settings.upload_rate),
            lists=limits.limit("lists", settings.list_rate),
            not_found=limits.limit("not found", settings.not_found_rate),
            local_admin_enabled=local_admin_enabled,
        )


def _refusals(settings: AuthSettings, database: Database, limits: RateLimits) -> Refusals:
    return Refusals(
        database,
        settings.institution,
        guesses=limits.limit("guesses", settings.sign_in_rate, at_once=True),
        guesses_of_account=limits.limit("guesses of account", settings.account_rate, at_once=True),
        others=limits.limit("other refusals", settings.refusal_rate),
    )


def _identity_provider(
    settings: AuthSettings, http: httpx.AsyncClient
) -> tuple[BearerValidation, OidcLogin] | tuple[None, None]:
    """The identity provider, for bearer tokens and for browsers; None, None when it is not configured."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None, None
    trust = TrustedIssuer(settings.oidc_issuer, settings.oidc_algorithms, settings.oidc_leeway_s)
    provider = OidcProvider(trust, http)
    claims = ClaimMapping(
        settings.oidc_role_claim, settings.oidc_roles, settings.oidc_institution_claim, settings.institution
    )
    clients = frozenset({settings.oidc_client_id, *settings.oidc_clients})
    secret = settings.oidc_client_secret
    client = OidcClient(settings.oidc_client_id, secret.get_secret_value() if secret else None, settings.oidc_scopes)
    return (
        BearerValidation(provider, settings.oidc_audience or settings.oidc_client_id, clients, claims),
        OidcLogin(provider, client, http),
    )
