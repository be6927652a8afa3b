"""Everything that stands around the door, put together from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from gateway.auth.authenticator import Door, Login
from gateway.auth.browser_sessions import Sessions
from gateway.auth.local_admin import local_admin
from gateway.auth.oidc_claims import ClaimsMap
from gateway.auth.oidc_login import Client, SignIn
from gateway.auth.oidc_provider import Provider, Trust
from gateway.auth.rate_limit import Rate
from gateway.auth.store import tokens
from gateway.database.connection import Database
from gateway.settings.auth import PeopleSettings


class NoLogin(Exception):
    """The service would listen where others reach it, and nobody could sign in."""


@dataclass(frozen=True)
class Entrance:
    """What the calls ask: who may come in, by which ways, and how often."""

    settings: PeopleSettings
    database: Database
    door: Door
    sessions: Sessions
    login: Login | None
    sign_in: SignIn | None
    sign_ins: Rate
    uploads: Rate
    local: bool

    @property
    def words(self) -> str:
        """How one comes in, for who starts the service."""
        if self.local:
            return "none is set up: whoever uses this machine is the local admin"
        return "API tokens" if self.sign_in is None else f"{self.settings.oidc_issuer}, and API tokens"

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
async def open_entrance(settings: PeopleSettings, database: Database, loopback: bool) -> AsyncIterator[Entrance]:
    """The entrance of a service; the local admin needs `loopback`, the setting, and that no provider is set up."""
    local = loopback and settings.local_admin and settings.oidc_issuer is None
    sessions = Sessions(timedelta(seconds=settings.session_idle_s), timedelta(seconds=settings.session_absolute_s))
    async with httpx.AsyncClient() as http:
        login, sign_in = _ways(settings, http)
        yield Entrance(
            settings,
            database,
            Door(database, sessions, login, local_admin(settings.institution) if local else None),
            sessions,
            login,
            sign_in,
            sign_ins=Rate(settings.sign_in_rate),
            uploads=Rate(settings.upload_rate),
            local=local,
        )


def _ways(settings: PeopleSettings, http: httpx.AsyncClient) -> tuple[Login, SignIn] | tuple[None, None]:
    """The identity provider for bearer tokens and for browsers."""
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
