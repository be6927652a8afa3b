"""The rows of API tokens: of a secret only its hash."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.people import TokenRow

USE_STEP: Final = timedelta(minutes=1)  # the last use is told to the minute: one write a minute, not one a request


def add(session: AsyncSession, row: TokenRow) -> None:
    """Keep a new token."""
    session.add(row)


async def live(session: AsyncSession, token_id: UUID, now: datetime) -> TokenRow | None:
    """The token, unless it was revoked or has expired."""
    return await session.scalar(select(TokenRow).where(TokenRow.id == token_id, *_alive(now)))


async def any_live(session: AsyncSession, now: datetime) -> bool:
    """Whether any token of any institution would be taken."""
    return await session.scalar(select(TokenRow.id).where(*_alive(now)).limit(1)) is not None


async def page(session: AsyncSession, institution: str, limit: int, offset: int) -> tuple[Sequence[TokenRow], int]:
    """An institution's tokens, newest first, dead ones too, and how many there are."""
    mine = TokenRow.institution == institution
    newest = select(TokenRow).where(mine).order_by(TokenRow.created_at.desc(), TokenRow.id)
    rows = (await session.scalars(newest.limit(limit).offset(offset))).all()
    return rows, await session.scalar(select(func.count()).select_from(TokenRow).where(mine)) or 0


async def revoke(session: AsyncSession, institution: str, token_id: UUID, now: datetime) -> TokenRow | None:
    """End a token for good; None when the institution has none of that id. A second time changes nothing."""
    row = await session.scalar(select(TokenRow).where(TokenRow.institution == institution, TokenRow.id == token_id))
    if row is not None and row.revoked_at is None:
        row.revoked_at = now
    return row


async def used(session: AsyncSession, token_id: UUID, now: datetime) -> None:
    """Note the use, to the minute."""
    stale = or_(TokenRow.last_used_at.is_(None), TokenRow.last_used_at < now - USE_STEP)
    await session.execute(update(TokenRow).where(TokenRow.id == token_id, stale).values(last_used_at=now))


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return TokenRow.revoked_at.is_(None), or_(TokenRow.expires_at.is_(None), TokenRow.expires_at > now)
