"""The rows of mass runs, each within its institution."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, ReportRow, RunItemRow, RunRow, ScanRow

PAGE: Final = 500


@dataclass(frozen=True)
class RunItem:
    """One upload of a run, the state of its newest analysis, and the report that this ended in."""

    number: int
    item: str | None = field(repr=False)
    scan_id: UUID | None
    error: str | None
    detail: str | None
    state: str | None
    report: dict[str, Any] | None = field(repr=False)


async def find(session: AsyncSession, institution: str, name: str, *, lock: bool = False) -> RunRow | None:
    """The run of this name; with `lock`, nobody else changes it until the transaction ends."""
    own = select(RunRow).where(RunRow.institution == institution, RunRow.name == name)
    return await session.scalar(own.with_for_update() if lock else own)


async def make(session: AsyncSession, institution: str, name: str, requested_by: str) -> bool:
    """A new run; False when there is one of this name."""
    row = {"institution": institution, "name": name, "requested_by": requested_by}
    made = await session.execute(upsert(RunRow).values(row).on_conflict_do_nothing().returning(RunRow.id))
    return made.first() is not None


async def keys(session: AsyncSession, run_id: UUID) -> set[str]:
    """The keys of all its uploads."""
    return set(await session.scalars(select(RunItemRow.key).where(RunItemRow.run_id == run_id)))


async def is_to_have(session: AsyncSession, run_id: UUID, uploads: int) -> None:
    """The run is to have at least so many uploads."""
    known = func.greatest(RunRow.uploads, uploads)
    await session.execute(update(RunRow).where(RunRow.id == run_id).values(uploads=known))


async def claim(session: AsyncSession, run_id: UUID, key: str, item: str) -> bool:
    """Make the upload this transaction's to add; False when it is in the run. Waits for another that adds it."""
    row = {"run_id": run_id, "key": key, "item": item}
    made = await session.execute(upsert(RunItemRow).values(row).on_conflict_do_nothing().returning(RunItemRow.key))
    return made.first() is not None


async def note(
    session: AsyncSession,
    run_id: UUID,
    key: str,
    *,
    scan_id: UUID | None = None,
    error: str | None = None,
    detail: str | None = None,
) -> None:
    """Say what became of a claimed upload."""
    own = update(RunItemRow).where(RunItemRow.run_id == run_id, RunItemRow.key == key)
    await session.execute(own.values(scan_id=scan_id, error=error, detail=detail))


async def page(session: AsyncSession, run_id: UUID, after: int) -> Sequence[RunItem]:
    """The next uploads of the run behind the number `after`, in the order in which they were added."""
    columns = (
        RunItemRow.number,
        RunItemRow.item,
        RunItemRow.scan_id,
        RunItemRow.error,
        RunItemRow.detail,
        AnalysisRow.state,
        ReportRow.body,
    )
    rows = await session.execute(
        select(*columns)
        .outerjoin(ScanRow, ScanRow.id == RunItemRow.scan_id)
        .outerjoin(AnalysisRow, AnalysisRow.id == ScanRow.analysis_id)
        .outerjoin(ReportRow, ReportRow.analysis_id == AnalysisRow.id)
        .where(RunItemRow.run_id == run_id, RunItemRow.number > after)
        .order_by(RunItemRow.number)
        .limit(PAGE)
    )
    return [RunItem(*row) for row in rows]


async def states(session: AsyncSession, run_id: UUID) -> dict[str | None, int]:
    """How many uploads there are by the state of their newest analysis; None is that of those that have none."""
    rows = await session.execute(
        select(AnalysisRow.state, func.count())
        .select_from(RunItemRow)
        .outerjoin(ScanRow, ScanRow.id == RunItemRow.scan_id)
        .outerjoin(AnalysisRow, AnalysisRow.id == ScanRow.analysis_id)
        .where(RunItemRow.run_id == run_id)
        .group_by(AnalysisRow.state)
    )
    return {row[0]: row[1] for row in rows}
