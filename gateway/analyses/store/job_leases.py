"""The SQL of job leases.

Every write is conditional on the analysis's state and on the attempt number of the lease, so a worker whose lease was
lost changes nothing and gets None or False.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.analyses.store import attempts
from gateway.analyses.store.fair_order import record_turn
from gateway.analyses.store.notifications import publish, publish_progress
from gateway.analyses.store.states import FINAL, QUEUED, RUNNING, allowed
from gateway.database.tables import AnalysisRow, AttemptRow, ScanRow
from gateway.database.tables.analyses import AnalysisState


@dataclass(frozen=True)
class JobLease:
    """One worker's lease of an analysis; it is lost as soon as the analysis has another state or attempt.

    `model_card` is the version of the weights at the claim; `waited_s` the seconds in the queue before it.
    """

    analysis_id: UUID
    scan_id: UUID
    institution: str
    requested_by: str
    attempt: int
    urgent: bool
    model_card: str | None
    sha256: str
    file_name: str = field(repr=False)
    waited_s: float = 0.0


async def claim(session: AsyncSession, analysis_id: UUID, worker: str, model_card: str) -> JobLease | None:
    """queued -> running, for one worker; None when the analysis is not queued (any more)."""
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
    record_turn(session, claimed)
    scan = (await session.execute(_select_file(claimed.scan_id))).one()
    lease = _lease(claimed, *scan)
    session.add(AttemptRow(analysis_id=lease.analysis_id, number=lease.attempt, worker=worker, model_card=model_card))
    await _copy_to_scan(session, lease, status=RUNNING)
    await publish_progress(session, analysis_id)  # for those who show it: senders wait for its end
    return lease


async def heartbeat(session: AsyncSession, lease: JobLease) -> bool | None:
    """Renew the lease. None when it is lost, else whether a cancellation was requested."""
    held = select(AnalysisRow.cancel_requested).where(*_is_held_by(lease)).with_for_update(key_share=True)
    cancelled: bool | None = await session.scalar(held)
    if cancelled is not None:
        await attempts.heartbeat(session, lease.analysis_id, lease.attempt)
    return cancelled


async def set_progress(session: AsyncSession, lease: JobLease, stage: str, slices_done: int, slices_total: int) -> None:
    """Store the progress; nothing changes when the lease is lost."""
    step = {"stage": stage, "slices_done": slices_done, "slices_total": slices_total}
    await session.execute(update(AnalysisRow).where(*_is_held_by(lease)).values(**step))
    await publish_progress(session, lease.analysis_id)


async def end(
    session: AsyncSession,
    lease: JobLease,
    after: AnalysisState,
    *,
    error: str | None = None,
    detail: str | None = None,
    slices: tuple[int, int] = (0, 0),
    timings_s: dict[str, Any] | None = None,
    paused_until: datetime | None = None,
) -> bool:
    """running -> `after`, which ends the lease; `error` and `detail` say why. False when the lease was lost.

    `slices` are the done ones and the total; a queued one is claimed no sooner than `paused_until`.
    """
    await _lock_scan(session, lease.analysis_id)
    values: dict[str, Any] = {"stage": None, "slices_done": slices[0], "slices_total": slices[1]}
    values["paused_until"] = paused_until
    if after in FINAL:
        values |= {"finished_at": func.now(), "error": error, "detail": detail}
    ended = await session.scalar(
        update(AnalysisRow)
        .where(*_is_held_by(lease))
        .values(state=allowed(RUNNING, after), **values)
        .returning(AnalysisRow.id)
    )
    if ended is None:
        return False
    await attempts.close(session, lease.analysis_id, lease.attempt, error, detail, timings_s)
    await _copy_to_scan(session, lease, status=after, error=error if after in FINAL else None)
    await publish(session, lease.analysis_id)
    return True


async def expired(session: AsyncSession, silent_s: float) -> list[tuple[JobLease, bool]]:
    """Leases without a heartbeat for `silent_s`, and whether a cancellation of each was requested.

    While PostgreSQL was down no heartbeat could arrive, so the time counts from its start at the earliest.
    """
    heard = func.greatest(AttemptRow.heartbeat_at, text("pg_postmaster_start_time()"))
    rows = await session.execute(
        select(AnalysisRow, ScanRow.sha256, ScanRow.file_name)
        .join(ScanRow, ScanRow.id == AnalysisRow.scan_id)
        .join(AttemptRow, and_(AttemptRow.analysis_id == AnalysisRow.id, AttemptRow.number == AnalysisRow.attempt))
        .where(AnalysisRow.state == RUNNING, heard < func.now() - timedelta(seconds=silent_s))
    )
    return [(_lease(*row), row[0].cancel_requested) for row in rows]


async def after(session: AsyncSession, seconds: float) -> datetime | None:
    """The moment in so many seconds, by the clock that decides then: PostgreSQL's."""
    return await session.scalar(select(func.now() + timedelta(seconds=seconds)))


def _lease(analysis: AnalysisRow, sha256: str, file_name: str) -> JobLease:
    waited_s = (analysis.started_at - analysis.queued_at).total_seconds() if analysis.started_at else 0.0
    own = (analysis.id, analysis.scan_id, analysis.institution, analysis.requested_by)
    return JobLease(*own, analysis.attempt, analysis.urgent, analysis.model_card, sha256, file_name, waited_s)


def _select_file(scan_id: UUID) -> Select[str, str]:
    return select(ScanRow.sha256, ScanRow.file_name).where(ScanRow.id == scan_id)


def _is_held_by(lease: JobLease) -> tuple[Any, ...]:
    return (AnalysisRow.id == lease.analysis_id, AnalysisRow.state == RUNNING, AnalysisRow.attempt == lease.attempt)


async def _lock_scan(session: AsyncSession, analysis_id: UUID) -> None:
    """Lock the scan before its analysis, in the order of a cascading delete: else the two deadlock."""
    own = select(ScanRow.id).join(AnalysisRow, AnalysisRow.scan_id == ScanRow.id).where(AnalysisRow.id == analysis_id)
    await session.execute(own.with_for_update(of=ScanRow, key_share=True))


async def _copy_to_scan(session: AsyncSession, lease: JobLease, **values: Any) -> None:
    """Update the copy in the scan's row, while this is the scan's newest analysis."""
    newest_still = (ScanRow.id == lease.scan_id, ScanRow.analysis_id == lease.analysis_id)
    await session.execute(update(ScanRow).where(*newest_still).values(**values))
