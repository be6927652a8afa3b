"""The rows of browsers' sessions, and of sign-ins that are under way at the identity provider."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.people import PendingSignInRow, SignInRow


def add(session: AsyncSession, row: SignInRow | PendingSignInRow) -> None:
    """Keep a session, or a sign-in under way."""
    session.add(row)


async def live(session: AsyncSession, id_hash: str, now: datetime) -> SignInRow | None:
    """The session, unless it has ended."""
    return await session.scalar(select(SignInRow).where(SignInRow.id_hash == id_hash, SignInRow.expires_at > now))


async def end(session: AsyncSession, id_hash: str) -> None:
    """End one session."""
    await session.execute(delete(SignInRow).where(SignInRow.id_hash == id_hash))


async def end_all_of(session: AsyncSession, principal_key: str) -> None:
    """End every session of one asker."""
    await session.execute(delete(SignInRow).where(SignInRow.principal["key"].astext == principal_key))


async def take_pending(session: AsyncSession, state_hash: str, now: datetime) -> PendingSignInRow | None:
    """The sign-in of that state, once: it is gone afterwards, so a replayed one finds nothing."""
    taken = delete(PendingSignInRow).where(PendingSignInRow.state_hash == state_hash).returning(PendingSignInRow)
    row = await session.scalar(taken)
    return row if row is not None and row.expires_at > now else None


async def sweep(session: AsyncSession, now: datetime) -> None:
    """Remove what has ended by itself."""
    await session.execute(delete(SignInRow).where(SignInRow.expires_at <= now))
    await session.execute(delete(PendingSignInRow).where(PendingSignInRow.expires_at <= now))
