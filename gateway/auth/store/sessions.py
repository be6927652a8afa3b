"""The rows of browser sessions, and of OIDC logins that wait for the identity provider's callback."""

from datetime import datetime

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.auth import BrowserSessionRow, PendingLoginRow


def add(session: AsyncSession, row: BrowserSessionRow | PendingLoginRow) -> None:
    """Add a session, or a pending OIDC login."""
    session.add(row)


async def find_valid(session: AsyncSession, id_hash: str, now: datetime) -> BrowserSessionRow | None:
    """The session, or None when it has expired."""
    return await session.scalar(
        select(BrowserSessionRow).where(BrowserSessionRow.id_hash == id_hash, BrowserSessionRow.expires_at > now)
    )


async def delete(session: AsyncSession, id_hash: str) -> None:
    """Delete one session."""
    await session.execute(sql_delete(BrowserSessionRow).where(BrowserSessionRow.id_hash == id_hash))


async def delete_of_principal(session: AsyncSession, principal_key: str) -> None:
    """Delete every session of one principal."""
    await session.execute(
        sql_delete(BrowserSessionRow).where(BrowserSessionRow.principal["key"].astext == principal_key)
    )


async def delete_of_institution(session: AsyncSession, institution: str, principal_key: str | None) -> int:
    """Delete the sessions of one principal of the institution, or of all its principals; return their number."""
    of_institution = BrowserSessionRow.principal["institution"].astext == institution
    statement = sql_delete(BrowserSessionRow).where(of_institution).returning(BrowserSessionRow.id_hash)
    if principal_key is not None:
        statement = statement.where(BrowserSessionRow.principal["key"].astext == principal_key)
    return len((await session.scalars(statement)).all())


async def take_pending(session: AsyncSession, state_hash: str, now: datetime) -> PendingLoginRow | None:
    """The pending login with this state. The row is deleted, so that a replayed callback finds none."""
    statement = sql_delete(PendingLoginRow).where(PendingLoginRow.state_hash == state_hash).returning(PendingLoginRow)
    row = await session.scalar(statement)
    return row if row is not None and row.expires_at > now else None


async def delete_expired(session: AsyncSession, now: datetime) -> None:
    """Delete the expired sessions and pending logins."""
    await session.execute(sql_delete(BrowserSessionRow).where(BrowserSessionRow.expires_at <= now))
    await session.execute(sql_delete(PendingLoginRow).where(PendingLoginRow.expires_at <= now))
