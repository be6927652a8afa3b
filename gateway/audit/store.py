"""The rows of the audit log: appended, listed, and read in the order of the chain."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.hash_chain import Action, Event, Link, Outcome, canonical
from gateway.database.tables.audit import AuditRow

ROWS_PER_FETCH: Final = 500


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
    """Append the event to the chain; other writers wait until this transaction ends."""
    # One round trip under the lock instead of three: the database finds the head, hashes and inserts.
    await session.execute(select(func.append_audit(canonical(event))))


async def page(session: AsyncSession, criteria: AuditFilter, limit: int, offset: int) -> tuple[tuple[Link, ...], int]:
    """Events, newest first, and their total number."""
    where = _where(criteria)
    total = await session.scalar(select(func.count()).select_from(AuditRow).where(*where))
    rows = await session.scalars(
        select(AuditRow).where(*where).order_by(AuditRow.seq.desc()).limit(limit).offset(offset)
    )
    return tuple(_link(row) for row in rows), total or 0


async def read_chain(session: AsyncSession, criteria: AuditFilter | None = None) -> AsyncIterator[Link]:
    """Events in the order of the chain; all without criteria. At most `ROWS_PER_FETCH` are in memory at once."""
    statement = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=ROWS_PER_FETCH)
    if criteria is not None:
        statement = statement.where(*_where(criteria))
    async for row in await session.stream_scalars(statement):
        yield _link(row)


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
