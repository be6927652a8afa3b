"""The SQL of mass runs, each in its institution."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, ReportRow, RunItemRow, RunRow, ScanRow

PAGE: Final = 500


@dataclass(frozen=True)
class RunItem:
    """One upload of a run, with the state and the report of its newest analysis."""

    number: int
    item: str | None = field(repr=False)
    scan_id: UUID | None
    error: str | None
    detail: str | None
    state: str | None
    report: dict[str, Any] | None = field(repr=False)


async def find(session: AsyncSession, institution: str, name: str, *, lock: bool = False) -> RunRow | None:
    """The run of this name; `lock` locks its row until the transaction ends."""
    own = select(RunRow).where(RunRow.institution == institution, RunRow.name == name)
    return await session.scalar(own.with_for_update() if lock else own)


async def insert(session: AsyncSession, institution: str, name: str, requested_by: str) -> bool:
    """Insert a run; False when one of this name exists."""
    row = {"institution": institution, "name": name, "requested_by": requested_by}
    inserted = await session.execute(upsert(RunRow).values(row).on_conflict_do_nothing().returning(RunRow.id))
    return inserted.first() is not None


async def keys(session: AsyncSession, run_id: UUID) -> set[str]:
    """The keys of all uploads of the run."""
    return set(await session.scalars(select(RunItemRow.key).where(RunItemRow.run_id == run_id)))


async def set_expected_uploads(session: AsyncSession, run_id: UUID, uploads: int) -> None:
    """Raise the expected number of uploads to at least `uploads`."""
    known = func.greatest(RunRow.uploads, uploads)
    await session.execute(update(RunRow).where(RunRow.id == run_id).values(uploads=known))


async def claim_upload(session: AsyncSession, run_id: UUID, key: str, item: str) -> bool:
    """Insert the upload; False when the run has it. Waits for another transaction that inserts it."""
    row = {"run_id": run_id, "key": key, "item": item}
    inserted = await session.execute(upsert(RunItemRow).values(row).on_conflict_do_nothing().returning(RunItemRow.key))
    return inserted.first() is not None


async def record_outcome(
    session: AsyncSession,
    run_id: UUID,
    key: str,
    *,
    scan_id: UUID | None = None,
    error: str | None = None,
    detail: str | None = None,
) -> None:
    """Record the scan of a claimed upload, or its error."""
    own = update(RunItemRow).where(RunItemRow.run_id == run_id, RunItemRow.key == key)
    await session.execute(own.values(scan_id=scan_id, error=error, detail=detail))


async def delete_failed(session: AsyncSession, run_id: UUID) -> int:
    """Delete the uploads of the run that ended with an error before they were scans; gives their number."""
    failed = delete(RunItemRow).where(RunItemRow.run_id == run_id, RunItemRow.error.is_not(None))
    return len((await session.execute(failed.returning(RunItemRow.key))).all())


async def page(session: AsyncSession, run_id: UUID, after: int) -> Sequence[RunItem]:
    """The next `PAGE` uploads of the run after the number `after`, in the order of insertion."""
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
    """The number of uploads by the state of their newest analysis; the key None counts those without an analysis."""
    rows = await session.execute(
        select(AnalysisRow.state, func.count())
        .select_from(RunItemRow)
        .outerjoin(ScanRow, ScanRow.id == RunItemRow.scan_id)
        .outerjoin(AnalysisRow, AnalysisRow.id == ScanRow.analysis_id)
        .where(RunItemRow.run_id == run_id)
        .group_by(AnalysisRow.state)
    )
    return {row[0]: row[1] for row in rows}
