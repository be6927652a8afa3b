"""The rows of analyses: request, read, cancel. Workers use `job_leases`.

As there, the scan is locked before its analysis.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.analyses.store.job_queue import enqueue
from gateway.analyses.store.notifications import publish
from gateway.analyses.store.states import CANCELLED, QUEUED, RUNNING, allowed
from gateway.database.tables import AnalysisRow, ScanRow
from gateway.database.tables.analyses import UNFINISHED


async def request(
    session: AsyncSession, institution: str, scan_id: UUID, requested_by: str, *, urgent: bool
) -> AnalysisRow | None:
    """Queue a new analysis of the scan, or return the unfinished one. None when there is no such scan."""
    scan = await session.scalar(
        select(ScanRow).where(ScanRow.id == scan_id, ScanRow.institution == institution).with_for_update(key_share=True)
    )
    if scan is None:
        return None
    analysis = await session.scalar(
        select(AnalysisRow).where(AnalysisRow.scan_id == scan_id, AnalysisRow.state.in_(UNFINISHED))
    )
    if analysis is not None:
        return await _make_urgent(session, analysis) if urgent else analysis
    analysis = AnalysisRow(scan_id=scan_id, institution=institution, urgent=urgent, requested_by=requested_by)
    session.add(analysis)
    await session.flush()
    scan.status, scan.error, scan.urgent, scan.analysis_id = QUEUED, None, urgent, analysis.id
    await enqueue(session, analysis.id, urgent=urgent)
    await session.refresh(analysis)
    return analysis


async def find(session: AsyncSession, institution: str, analysis_id: UUID) -> AnalysisRow | None:
    """One analysis."""
    return await session.scalar(
        select(AnalysisRow).where(AnalysisRow.institution == institution, AnalysisRow.id == analysis_id)
    )


async def newest(session: AsyncSession, institution: str, scan_id: UUID) -> AnalysisRow | None:
    """The scan's newest analysis."""
    return await session.scalar(_of_scan(institution, scan_id).limit(1))


async def of_scan(session: AsyncSession, institution: str, scan_id: UUID) -> Sequence[AnalysisRow]:
    """All analyses of the scan, newest first."""
    return (await session.scalars(_of_scan(institution, scan_id))).all()


async def cancel(session: AsyncSession, institution: str, scan_id: UUID) -> AnalysisRow | None:
    """Cancel the newest analysis: at once while it is queued, else its worker is asked to stop. None without one."""
    own = select(ScanRow.id).where(ScanRow.id == scan_id, ScanRow.institution == institution)
    await session.execute(own.with_for_update(key_share=True))
    analysis = await newest(session, institution, scan_id)
    if analysis is None:
        return None
    if analysis.state == QUEUED:
        analysis.state, analysis.finished_at = allowed(QUEUED, CANCELLED), func.now()
        await session.execute(update(ScanRow).where(ScanRow.id == scan_id).values(status=CANCELLED))
    elif analysis.state == RUNNING:
        analysis.cancel_requested = True
    await session.flush()
    await publish(session, analysis.id)
    await session.refresh(analysis)
    return analysis


async def counts(session: AsyncSession) -> dict[str, int]:
    """Unfinished analyses of all institutions, by their state."""
    unfinished = AnalysisRow.state.in_(UNFINISHED)
    rows = await session.execute(select(AnalysisRow.state, func.count()).where(unfinished).group_by(AnalysisRow.state))
    found: dict[str, int] = {row[0]: row[1] for row in rows}
    return {state.value: found.get(state, 0) for state in UNFINISHED}


def _of_scan(institution: str, scan_id: UUID) -> Select[AnalysisRow]:
    return (
        select(AnalysisRow)
        .where(AnalysisRow.institution == institution, AnalysisRow.scan_id == scan_id)
        .order_by(AnalysisRow.queued_at.desc(), AnalysisRow.id.desc())
    )


async def _make_urgent(session: AsyncSession, analysis: AnalysisRow) -> AnalysisRow:
    """Make a queued analysis urgent: one more job of higher priority points to it."""
    if analysis.state == QUEUED and not analysis.urgent:
        analysis.urgent = True
        await session.execute(update(ScanRow).where(ScanRow.id == analysis.scan_id).values(urgent=True))
        await enqueue(session, analysis.id, urgent=True)
    return analysis
