"""The turns that workers take at analyses.

Every write is conditional, on the state that it leaves and on the attempt that the worker holds. Who comes too late
changes nothing and is told so.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.analyses.store import attempts
from gateway.analyses.store.notifications import tell
from gateway.analyses.store.states import FINAL, QUEUED, RUNNING, allowed
from gateway.database.tables import AnalysisRow, AttemptRow, ScanRow
from gateway.database.tables.work import AnalysisState


@dataclass(frozen=True)
class Turn:
    """One worker's turn at an analysis; it is over as soon as the analysis has another state or attempt.

    `model_card` is the version of the weights that the turn was taken with.
    """

    analysis_id: UUID
    scan_id: UUID
    institution: str
    attempt: int
    urgent: bool
    model_card: str | None
    sha256: str
    file_name: str = field(repr=False)
    waited_s: float = 0.0


async def claim(session: AsyncSession, analysis_id: UUID, worker: str, model_card: str) -> Turn | None:
    """queued -> running, for this worker alone; None when there is nothing to do (any more)."""
    await _lock_scan(session, analysis_id)
    claimed = await session.scalar(
        update(AnalysisRow)
        .where(AnalysisRow.id == analysis_id, AnalysisRow.state == QUEUED)
        .values(
            state=allowed(QUEUED, RUNNING),
            attempt=AnalysisRow.attempt + 1,
            model_card=model_card,
            started_at=func.now(),
        )
        .returning(AnalysisRow)
    )
    if claimed is None:
        return None
    scan = (await session.execute(_file_of(claimed.scan_id))).one()
    turn = _turn(claimed, *scan)
    session.add(AttemptRow(analysis_id=turn.analysis_id, number=turn.attempt, worker=worker, model_card=model_card))
    await _repeat_in_scan(session, turn, status=RUNNING)
    await tell(session, analysis_id)
    return turn


async def beat(session: AsyncSession, turn: Turn) -> bool | None:
    """Say that the worker lives. None when the turn is lost, else whether it is to be cancelled."""
    held = select(AnalysisRow.cancel_requested).where(*_held_by(turn)).with_for_update(key_share=True)
    cancelled: bool | None = await session.scalar(held)
    if cancelled is not None:
        await attempts.beat(session, turn.analysis_id, turn.attempt)
    return cancelled


async def advance(session: AsyncSession, turn: Turn, stage: str, slices_done: int, slices_total: int) -> None:
    """Say how far the worker is; says nothing when the turn is lost."""
    step = {"stage": stage, "slices_done": slices_done, "slices_total": slices_total}
    await session.execute(update(AnalysisRow).where(*_held_by(turn)).values(**step))
    await tell(session, turn.analysis_id)


async def leave(
    session: AsyncSession,
    turn: Turn,
    after: AnalysisState,
    *,
    error: str | None = None,
    detail: str | None = None,
    slices: tuple[int, int] = (0, 0),
    timings_s: dict[str, Any] | None = None,
) -> bool:
    """running -> `after`, which ends the turn; `error` and `detail` tell why. False, and nothing, when it was lost.

    `slices` are those that were done, and all.
    """
    await _lock_scan(session, turn.analysis_id)
    values: dict[str, Any] = {"stage": None, "slices_done": slices[0], "slices_total": slices[1]}
    if after in FINAL:
        values |= {"finished_at": func.now(), "error": error, "detail": detail}
    left = await session.scalar(
        update(AnalysisRow)
        .where(*_held_by(turn))
        .values(state=allowed(RUNNING, after), **values)
        .returning(AnalysisRow.id)
    )
    if left is None:
        return False
    await attempts.close(session, turn.analysis_id, turn.attempt, error, detail, timings_s)
    await _repeat_in_scan(session, turn, status=after, error=error if after in FINAL else None)
    await tell(session, turn.analysis_id)
    return True


async def abandoned(session: AsyncSession, silent_s: float) -> list[tuple[Turn, bool]]:
    """Turns of workers that were silent for so long, and whether each was to be cancelled.

    While PostgreSQL was away nobody could speak: the clock of silence starts again when it does.
    """
    heard = func.greatest(AttemptRow.heartbeat_at, text("pg_postmaster_start_time()"))
    rows = await session.execute(
        select(AnalysisRow, ScanRow.sha256, ScanRow.file_name)
        .join(ScanRow, ScanRow.id == AnalysisRow.scan_id)
        .join(AttemptRow, and_(AttemptRow.analysis_id == AnalysisRow.id, AttemptRow.number == AnalysisRow.attempt))
        .where(AnalysisRow.state == RUNNING, heard < func.now() - timedelta(seconds=silent_s))
    )
    return [(_turn(*row), row[0].cancel_requested) for row in rows]


def _turn(analysis: AnalysisRow, sha256: str, file_name: str) -> Turn:
    waited_s = (analysis.started_at - analysis.queued_at).total_seconds() if analysis.started_at else 0.0
    own = (analysis.id, analysis.scan_id, analysis.institution, analysis.attempt, analysis.urgent)
    return Turn(*own, analysis.model_card, sha256, file_name, waited_s)


def _file_of(scan_id: UUID) -> Select[str, str]:
    return select(ScanRow.sha256, ScanRow.file_name).where(ScanRow.id == scan_id)


def _held_by(turn: Turn) -> tuple[Any, ...]:
    return (AnalysisRow.id == turn.analysis_id, AnalysisRow.state == RUNNING, AnalysisRow.attempt == turn.attempt)


async def _lock_scan(session: AsyncSession, analysis_id: UUID) -> None:
    """Before its analysis, as a delete that cascades does: two that meet then wait for each other in one order."""
    own = select(ScanRow.id).join(AnalysisRow, AnalysisRow.scan_id == ScanRow.id).where(AnalysisRow.id == analysis_id)
    await session.execute(own.with_for_update(of=ScanRow, key_share=True))


async def _repeat_in_scan(session: AsyncSession, turn: Turn, **values: Any) -> None:
    """What the scan's row repeats of its newest analysis."""
    newest_still = (ScanRow.id == turn.scan_id, ScanRow.analysis_id == turn.analysis_id)
    await session.execute(update(ScanRow).where(*newest_still).values(**values))
