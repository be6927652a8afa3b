"""The rows of API tokens. Only the hash of a secret is stored."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.auth import TokenRow

LAST_USE_INTERVAL: Final = timedelta(minutes=1)  # the last use is written at most once a minute, not at each request


def add(session: AsyncSession, row: TokenRow) -> None:
    """Add a new token."""
    session.add(row)


async def find_valid(session: AsyncSession, token_id: UUID, now: datetime) -> TokenRow | None:
    """The token, or None when it was revoked or has expired."""
    return await session.scalar(select(TokenRow).where(TokenRow.id == token_id, *_is_valid(now)))


async def any_valid_token(session: AsyncSession, now: datetime) -> bool:
    """Whether any institution has a token that is neither revoked nor expired."""
    return await session.scalar(select(TokenRow.id).where(*_is_valid(now)).limit(1)) is not None


async def page(session: AsyncSession, institution: str, limit: int, offset: int) -> tuple[Sequence[TokenRow], int]:
    """An institution's tokens, newest first, with revoked and expired ones, and their total number."""
    own = TokenRow.institution == institution
    newest = select(TokenRow).where(own).order_by(TokenRow.created_at.desc(), TokenRow.id)
    rows = (await session.scalars(newest.limit(limit).offset(offset))).all()
    return rows, await session.scalar(select(func.count()).select_from(TokenRow).where(own)) or 0


async def revoke(session: AsyncSession, institution: str, token_id: UUID, now: datetime) -> TokenRow | None:
    """Revoke a token; None when the institution has no token with this id. Revoking twice changes nothing."""
    row = await session.scalar(select(TokenRow).where(TokenRow.institution == institution, TokenRow.id == token_id))
    if row is not None and row.revoked_at is None:
        row.revoked_at = now
    return row


async def record_use(session: AsyncSession, token_id: UUID, now: datetime) -> None:
    """Write the time of the last use, at most once a minute."""
    stale = or_(TokenRow.last_used_at.is_(None), TokenRow.last_used_at < now - LAST_USE_INTERVAL)
    await session.execute(update(TokenRow).where(TokenRow.id == token_id, stale).values(last_used_at=now))


def _is_valid(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return TokenRow.revoked_at.is_(None), or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now)
