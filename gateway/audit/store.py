"""The audit's rows: put at the end of the chain, read, and walked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.hash_chain import Action, Event, Link, Outcome, canonical
from gateway.database.tables.audit import AuditRow

ROWS_AT_ONCE: Final = 500


@dataclass(frozen=True)
class AuditFilter:
    """Which events of one institution; a field that is None asks for all."""

    institution: str
    actor: str | None = None
    action: Action | None = None
    entity: str | None = None
    entity_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def append(session: AsyncSession, event: Event) -> None:
    """Put the event at the end of the chain; other writers wait until this transaction ends."""
    # One round trip under the lock instead of three: the database finds the head, hashes and inserts.
    await session.execute(select(func.append_audit(canonical(event))))


async def page(session: AsyncSession, wanted: AuditFilter, limit: int, offset: int) -> tuple[tuple[Link, ...], int]:
    """Events, newest first, and how many there are in all."""
    where = _where(wanted)
    total = await session.scalar(select(func.count()).select_from(AuditRow).where(*where))
    rows = await session.scalars(
        select(AuditRow).where(*where).order_by(AuditRow.seq.desc()).limit(limit).offset(offset)
    )
    return tuple(_link(row) for row in rows), total or 0


async def links(session: AsyncSession, wanted: AuditFilter | None = None) -> AsyncIterator[Link]:
    """Events in the order of the chain, all of them without a filter, some at a time and never all in memory."""
    statement = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=ROWS_AT_ONCE)
    if wanted is not None:
        statement = statement.where(*_where(wanted))
    async for row in await session.stream_scalars(statement):
        yield _link(row)


def _where(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    equal = {"institution", "actor", "action", "entity", "entity_id"}
    asked = {name: value for name in equal if (value := getattr(wanted, name)) is not None}
    clauses = [getattr(AuditRow, name) == value for name, value in asked.items()]
    if wanted.since is not None:
        clauses.append(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        clauses.append(AuditRow.at < wanted.until)
    return clauses


def _link(row: AuditRow) -> Link:
    values = {field.name: getattr(row, field.name) for field in fields(Event)}
    event = Event(**values | {"action": Action(row.action), "outcome": Outcome(row.outcome)})
    return Link(row.seq, event, row.previous_hash, row.hash)
