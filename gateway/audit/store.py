"""The rows of the audit log: appended, listed, and read in the order of the chain."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.hash_chain import Action, Event, Link, Outcome, canonical
from gateway.audit.last_write import LAST_WRITE
from gateway.database.tables.audit import AuditRow, PendingAuditRow

ROWS_PER_READ: Final = 500


@dataclass(frozen=True)
class AuditFilter:
    """Which events of one institution; None in a field means all."""

    institution: str
    actor: str | None = None
    action: Action | None = None
    entity: str | None = None
    entity_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def append(session: AsyncSession, event: Event) -> None:
    """Write the event; `seal` links it into the chain after this transaction has been committed."""
    await session.execute(select(func.append_audit(canonical(event))))
    LAST_WRITE.note()


async def seal(session: AsyncSession, most: int) -> int:
    """Link events that wait, at most so many, into the chain in the order of their ids; returns their number.

    The database hashes and inserts, under a lock that other sealing processes wait for.
    """
    return await session.scalar(select(func.seal_audit(most))) or 0


async def any_pending(session: AsyncSession) -> bool:
    """Whether an event waits to be sealed."""
    return await session.scalar(select(PendingAuditRow.id).limit(1)) is not None


async def count_pending(session: AsyncSession) -> int:
    """The number of events that wait to be sealed."""
    return await session.scalar(select(func.count()).select_from(PendingAuditRow)) or 0


async def page(session: AsyncSession, criteria: AuditFilter, limit: int, offset: int) -> tuple[tuple[Link, ...], int]:
    """Events, newest first, and their total number."""
    where = _where(criteria)
    total = await session.scalar(select(func.count()).select_from(AuditRow).where(*where))
    rows = await session.scalars(
        select(AuditRow).where(*where).order_by(AuditRow.seq.desc()).limit(limit).offset(offset)
    )
    return tuple(_link(row) for row in rows), total or 0


async def head_seq(session: AsyncSession) -> int:
    """The number of the last row of the chain; 0 without one."""
    return await session.scalar(select(func.max(AuditRow.seq))) or 0


async def next_links(
    session: AsyncSession, after: int, until: int, criteria: AuditFilter | None = None
) -> tuple[Link, ...]:
    """The next events in the order of the chain, at most `ROWS_PER_READ`: those numbered above `after`, to `until`."""
    statement = select(AuditRow).where(AuditRow.seq > after, AuditRow.seq <= until).order_by(AuditRow.seq)
    where = [] if criteria is None else _where(criteria)
    return tuple(_link(row) for row in await session.scalars(statement.where(*where).limit(ROWS_PER_READ)))


def _where(criteria: AuditFilter) -> list[ColumnElement[bool]]:
    names = {"institution", "actor", "action", "entity", "entity_id"}
    values = {name: value for name in names if (value := getattr(criteria, name)) is not None}
    clauses = [getattr(AuditRow, name) == value for name, value in values.items()]
    if criteria.since is not None:
        clauses.append(AuditRow.at >= criteria.since)
    if criteria.until is not None:
        clauses.append(AuditRow.at < criteria.until)
    return clauses


def _link(row: AuditRow) -> Link:
    columns = {field.name: getattr(row, field.name) for field in fields(Event)}
    event = Event(**columns | {"action": Action(row.action), "outcome": Outcome(row.outcome)})
    return Link(row.seq, event, row.previous_hash, row.hash)
