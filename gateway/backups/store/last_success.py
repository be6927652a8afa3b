"""When a backup last succeeded, as the audit log tells it."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.audit import AuditRow


async def last_success(session: AsyncSession) -> datetime | None:
    """The time of the last complete backup; before the first one, that of the oldest event; None without an event."""
    done = select(func.max(AuditRow.at)).where(AuditRow.entity == "backup", AuditRow.action == "create")
    oldest = select(AuditRow.at).order_by(AuditRow.seq).limit(1)
    return await session.scalar(select(func.coalesce(done.scalar_subquery(), oldest.scalar_subquery())))
