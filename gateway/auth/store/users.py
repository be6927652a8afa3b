"""The rows of people who came by the identity provider."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.people import UserRow

SEEN_STEP: Final = timedelta(minutes=1)  # as tokens: one write a minute, not one a request


async def seen(
    session: AsyncSession, *, issuer: str, subject: str, name: str, role: str, institution: str, now: datetime
) -> None:
    """Note that a person came, with what the provider says of them now."""
    fresh = {"name": name, "role": role, "institution": institution, "last_seen_at": now}
    new = insert(UserRow).values(issuer=issuer, subject=subject, created_at=now, **fresh)
    changed = or_(
        UserRow.last_seen_at < now - SEEN_STEP,
        UserRow.name != name,
        UserRow.role != role,
        UserRow.institution != institution,
    )
    await session.execute(new.on_conflict_do_update(index_elements=["issuer", "subject"], set_=fresh, where=changed))
