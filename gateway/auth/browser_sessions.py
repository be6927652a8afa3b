"""Sessions of browsers: a random name in a cookie, and on our side who it stands for and until when.

A session ends when it lies idle, when its time is up however busy it is, and on sign-out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.auth.secrets import new_secret, secret_hash
from gateway.auth.store import sessions
from gateway.database.connection import AsyncSession
from gateway.database.tables.people import SignInRow
from gateway.permissions import GRANTS, Role, Scope
from gateway.principal import Kind, Principal

STEP: Final = timedelta(minutes=1)  # the end moves on by the minute: one write a minute, not one a request


@dataclass(frozen=True)
class Sessions:
    """How long sessions last."""

    idle: timedelta
    absolute: timedelta

    async def begin(self, session: AsyncSession, principal: Principal, until: datetime | None = None) -> str:
        """Begin one, which ends at `until` at the latest, and give the secret that names it."""
        now = datetime.now(UTC)
        await sessions.sweep(session, now)
        secret = new_secret()
        last = min(now + self.absolute, until or datetime.max.replace(tzinfo=UTC))
        row = SignInRow(
            id_hash=secret_hash(secret),
            principal=_told(principal) | {"last": last.isoformat()},
            created_at=now,
            expires_at=min(now + self.idle, last),
        )
        sessions.add(session, row)
        return secret

    async def principal(self, session: AsyncSession, secret: str) -> Principal | None:
        """Who the session stands for; None when it has ended. Being asked keeps it from lying idle."""
        now = datetime.now(UTC)
        row = await sessions.live(session, secret_hash(secret), now)
        if row is None:
            return None
        end = min(now + self.idle, datetime.fromisoformat(row.principal["last"]))
        if end - row.expires_at > STEP:
            row.expires_at = end
        return _read(row.principal)

    async def end(self, session: AsyncSession, secret: str) -> None:
        """End it; one that has ended already is no matter."""
        await sessions.end(session, secret_hash(secret))


def _told(principal: Principal) -> dict[str, Any]:
    return {
        "key": principal.key,
        "kind": principal.kind.value,
        "name": principal.name,
        "role": principal.role.value,
        "institution": principal.institution,
        "scopes": sorted(principal.scopes),
    }


def _read(told: dict[str, Any]) -> Principal:
    """A role that lost a scope since takes it from its sessions too."""
    role = Role(told["role"])
    scopes = frozenset(scope for scope in Scope if scope.value in told["scopes"])
    return Principal(told["key"], Kind(told["kind"]), told["name"], role, told["institution"], scopes & GRANTS[role])
