"""The rows of attempts: the worker, its last heartbeat, and how the attempt ended."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AttemptRow

WORKER_LOST: Final = "worker_lost"
HANDED_BACK: Final = "handed_back"


async def heartbeat(session: AsyncSession, analysis_id: UUID, number: int) -> None:
    """Set the time of the last heartbeat to now."""
    await session.execute(_one(analysis_id, number).values(heartbeat_at=func.now()))


async def close(
    session: AsyncSession,
    analysis_id: UUID,
    number: int,
    error: str | None,
    detail: str | None,
    timings_s: dict[str, Any] | None,
) -> None:
    """End the attempt; `error` says why it did not end in a report."""
    ended = {"finished_at": func.now(), "error": error, "detail": detail, "timings": timings_s}
    await session.execute(_one(analysis_id, number).values(**ended))


async def past_errors(session: AsyncSession, analysis_id: UUID) -> list[str]:
    """The errors of earlier attempts, oldest first."""
    ended = select(AttemptRow.error).where(AttemptRow.analysis_id == analysis_id, AttemptRow.error.is_not(None))
    return [error for error in (await session.scalars(ended.order_by(AttemptRow.number))) if error]


async def of_analyses(session: AsyncSession, analysis_ids: Iterable[UUID]) -> Sequence[AttemptRow]:
    """The attempts at these analyses, oldest first."""
    rows = select(AttemptRow).where(AttemptRow.analysis_id.in_(list(analysis_ids)))
    return (await session.scalars(rows.order_by(AttemptRow.analysis_id, AttemptRow.number))).all()


def _one(analysis_id: UUID, number: int) -> Any:
    return update(AttemptRow).where(AttemptRow.analysis_id == analysis_id, AttemptRow.number == number)
