"""Browser sessions: a random secret in a cookie, and a database row with its principal and its expiry time.

A session ends after `idle_timeout` without a request, after `max_age` in any case, and at sign-out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.auth.secrets import new_secret, secret_hash
from gateway.auth.store import sessions
from gateway.database.connection import AsyncSession
from gateway.database.tables.auth import BrowserSessionRow
from gateway.permissions import GRANTS, Role, Scope
from gateway.principal import Principal, PrincipalKind

EXPIRY_UPDATE_INTERVAL: Final = timedelta(minutes=1)  # the expiry is written at most once a minute, not at each request


@dataclass(frozen=True)
class BrowserSessions:
    """Creates, reads and deletes sessions; the two durations limit each session."""

    idle_timeout: timedelta
    max_age: timedelta

    async def create(self, session: AsyncSession, principal: Principal, until: datetime | None = None) -> str:
        """Create a session that ends at `until` at the latest; return its secret."""
        now = datetime.now(UTC)
        await sessions.delete_expired(session, now)
        secret = new_secret()
        latest_end = min(now + self.max_age, until or datetime.max.replace(tzinfo=UTC))
        row = BrowserSessionRow(
            id_hash=secret_hash(secret),
            principal=_to_json(principal) | {"last": latest_end.isoformat()},
            created_at=now,
            expires_at=min(now + self.idle_timeout, latest_end),
        )
        sessions.add(session, row)
        return secret

    async def find_principal(self, session: AsyncSession, secret: str) -> Principal | None:
        """The principal of the session, or None when it has ended. Each call restarts the idle timeout."""
        now = datetime.now(UTC)
        row = await sessions.find_valid(session, secret_hash(secret), now)
        if row is None:
            return None
        expires_at = min(now + self.idle_timeout, datetime.fromisoformat(row.principal["last"]))
        if expires_at - row.expires_at > EXPIRY_UPDATE_INTERVAL:
            row.expires_at = expires_at
        try:
            return _from_json(row.principal)
        except ValueError:  # of a release that accepted other names
            return None

    async def is_valid(self, session: AsyncSession, secret: str) -> bool:
        """Whether the session has not ended; its idle timeout goes on."""
        return await sessions.find_valid(session, secret_hash(secret), datetime.now(UTC)) is not None

    async def delete(self, session: AsyncSession, secret: str) -> None:
        """Delete the session; a session that has ended already is no error."""
        await sessions.delete(session, secret_hash(secret))


def _to_json(principal: Principal) -> dict[str, Any]:
    return {
        "key": principal.key,
        "kind": principal.kind.value,
        "name": principal.name,
        "role": principal.role.value,
        "institution": principal.institution,
        "scopes": sorted(principal.scopes),
    }


def _from_json(data: dict[str, Any]) -> Principal:
    """The principal; scopes that its role has lost since the sign-in are removed."""
    role = Role(data["role"])
    scopes = frozenset(scope for scope in Scope if scope.value in data["scopes"])
    return Principal(
        data["key"], PrincipalKind(data["kind"]), data["name"], role, data["institution"], scopes & GRANTS[role]
    )
