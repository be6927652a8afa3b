"""Tokens for programs: `ts_<id>_<secret>`, told once, kept as a hash."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Final
from uuid import UUID, uuid4

from gateway.auth.secrets import new_secret, secret_hash
from gateway.auth.store import sessions, tokens
from gateway.database.connection import AsyncSession
from gateway.database.tables.people import TokenRow
from gateway.errors import InvalidToken
from gateway.permissions import GRANTS, Role, Scope
from gateway.principal import Kind, Principal

PREFIX: Final = "ts_"


@dataclass(frozen=True)
class NewToken:
    """What a token shall be. Raises ValueError for a scope that its role has not, or when it is dead from the start."""

    name: str
    role: Role
    institution: str
    scopes: frozenset[Scope]
    created_by: str
    expires_at: datetime | None

    def __post_init__(self) -> None:
        if beyond := self.scopes - GRANTS[self.role]:
            raise ValueError(f"the role {self.role} has no {', '.join(sorted(beyond))}")
        if not self.scopes:
            raise ValueError("a token without scopes opens nothing")
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            raise ValueError("the token would have expired already")


async def mint(session: AsyncSession, new: NewToken) -> tuple[TokenRow, str]:
    """Make the token; its text is told here and never again."""
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


async def redeem(session: AsyncSession, text: str) -> tuple[Principal, datetime | None]:
    """Who asks with this token and until when it lives; raises InvalidToken, which says no more than that."""
    now = datetime.now(UTC)
    found = _parts(text)
    row = await tokens.live(session, found[0], now) if found else None
    if not found or row is None or not compare_digest(row.secret_hash, secret_hash(found[1])):
        raise InvalidToken("the token is unknown, was revoked or has expired")
    if row.last_used_at is None or row.last_used_at < now - tokens.USE_STEP:
        await tokens.used(session, row.id, now)
    return principal_of(row), row.expires_at


async def revoke(session: AsyncSession, institution: str, token_id: UUID) -> TokenRow | None:
    """End the token and every session that it opened; None when the institution has none of that id."""
    row = await tokens.revoke(session, institution, token_id, datetime.now(UTC))
    if row is not None:
        await sessions.end_all_of(session, principal_of(row).key)
    return row


def principal_of(row: TokenRow) -> Principal:
    """A role that lost a scope since takes it from its tokens too."""
    role = Role(row.role)
    return Principal(
        f"token:{row.id}", Kind.PROGRAM, row.name, role, row.institution, _known(row.scopes) & GRANTS[role]
    )


def _known(scopes: Collection[str]) -> frozenset[Scope]:
    return frozenset(scope for scope in Scope if scope.value in scopes)


def _parts(text: str) -> tuple[UUID, str] | None:
    """Id and secret; None when the text is no token."""
    marked, _, rest = text.partition(PREFIX)
    token_id, _, secret = rest.partition("_")
    try:
        return (UUID(hex=token_id), secret) if not marked and secret else None
    except ValueError:
        return None
