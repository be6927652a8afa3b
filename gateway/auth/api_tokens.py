"""API tokens for programs: `ts_<id>_<secret>`. The text is returned once; only a hash of the secret is stored."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Final
from uuid import UUID, uuid4

from gateway.auth.secrets import new_secret, secret_hash
from gateway.auth.store import sessions, tokens
from gateway.database.connection import AsyncSession
from gateway.database.tables.auth import TokenRow
from gateway.errors import InvalidClaims, InvalidToken
from gateway.permissions import GRANTS, Role, Scope
from gateway.principal import Principal, PrincipalKind
from gateway.text_rule import why_refused

PREFIX: Final = "ts_"
TOKEN: Final = re.compile(PREFIX + "([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class NewToken:
    """A token to create.

    Raises ValueError for a name or an institution that is refused, a scope outside its role, no scope, or an expiry in
    the past.
    """

    name: str
    role: Role
    institution: str
    scopes: frozenset[Scope]
    created_by: str
    expires_at: datetime | None

    def __post_init__(self) -> None:
        for what, text in (("token", self.name), ("institution", self.institution)):
            if reason := why_refused(text):
                raise ValueError(f"the {what}'s name {reason}")
        if beyond := self.scopes - GRANTS[self.role]:
            raise ValueError(f"the role {self.role} has no {', '.join(sorted(beyond))}")
        if not self.scopes:
            raise ValueError("a token needs at least one scope")
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            raise ValueError("the token's expiry is in the past")


async def create_token(session: AsyncSession, new: NewToken) -> tuple[TokenRow, str]:
    """Create the token; return its row and its text, which cannot be read again."""
    secret = new_secret()
    row = TokenRow(
        id=uuid4(),
        name=new.name,
        secret_hash=secret_hash(secret),
        scopes=sorted(new.scopes),
        role=new.role,
        institution=new.institution,
        created_by=new.created_by,
        created_at=datetime.now(UTC),
        expires_at=new.expires_at,
    )
    tokens.add(session, row)
    await session.flush()
    return row, f"{PREFIX}{row.id.hex}_{secret}"


async def authenticate_token(session: AsyncSession, text: str) -> tuple[Principal, datetime | None]:
    """The principal of this token and the token's expiry; raises InvalidToken, which does not say why.

    Raises InvalidClaims for a valid token whose institution has a name that is refused.
    """
    now = datetime.now(UTC)
    parts = _parts(text)
    row = await tokens.find_valid(session, parts[0], now) if parts else None
    if not parts or row is None or not compare_digest(row.secret_hash, secret_hash(parts[1])):
        raise InvalidToken("the token is unknown, was revoked or has expired")
    if row.last_used_at is None or row.last_used_at < now - tokens.LAST_USE_INTERVAL:
        await tokens.record_use(session, row.id, now)
    try:
        return principal_of(row), row.expires_at
    except ValueError as error:
        raise InvalidClaims(f"the token cannot be used: {error}; see `turnstile doctor`") from error


async def revoke(session: AsyncSession, institution: str, token_id: UUID) -> TokenRow | None:
    """Revoke the token and delete its sessions; None when the institution has no token with this id."""
    row = await tokens.revoke(session, institution, token_id, datetime.now(UTC))
    if row is not None:
        await sessions.delete_of_principal(session, _principal_key(row))
    return row


def account_of(text: str | None) -> str | None:
    """The id that an API token names, whether there is such a token or not; None for other texts."""
    parts = _parts(text or "")
    return None if parts is None else str(parts[0])


def principal_of(row: TokenRow) -> Principal:
    """The principal; scopes that its role has lost since the token was created are removed.

    Raises ValueError for an institution's name that is refused.
    """
    role = Role(row.role)
    return Principal(
        _principal_key(row),
        PrincipalKind.PROGRAM,
        row.name,
        role,
        row.institution,
        _current_scopes(row.scopes) & GRANTS[role],
    )


def _principal_key(row: TokenRow) -> str:
    return f"token:{row.id}"


def _current_scopes(scopes: Collection[str]) -> frozenset[Scope]:
    return frozenset(scope for scope in Scope if scope.value in scopes)


def _parts(text: str) -> tuple[UUID, str] | None:
    """Id and secret; None when the text has not the form of an API token."""
    found = TOKEN.fullmatch(text)
    return (UUID(hex=found[1]), found[2]) if found else None
