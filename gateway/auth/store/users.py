"""The rows of users who signed in at the identity provider."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.auth import UserRow

LAST_SEEN_INTERVAL: Final = timedelta(minutes=1)  # at most one write a minute, as for tokens, not one at each request


async def record_login(
    session: AsyncSession, *, issuer: str, subject: str, name: str, role: str, institution: str, now: datetime
) -> None:
    """Insert or update the user with what the identity provider states now."""
    current = {"name": name, "role": role, "institution": institution, "last_seen_at": now}
    new = insert(UserRow).values(issuer=issuer, subject=subject, created_at=now, **current)
    changed = or_(
        UserRow.last_seen_at < now - LAST_SEEN_INTERVAL,
        UserRow.name != name,
        UserRow.role != role,
        UserRow.institution != institution,
    )
    await session.execute(new.on_conflict_do_update(index_elements=["issuer", "subject"], set_=current, where=changed))
