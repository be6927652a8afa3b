"""Scans that persons uploaded, with what a report says about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, ReportRow, ScanOriginRow, ScanRow

SLICES_WERE_READ: Final = "$.studies[*].series"  # only a study whose CT slices were read has a table of series


@dataclass(frozen=True)
class ReportedUpload:
    """An upload and the analysis of a report of it. `requested_by` is a principal's key."""

    scan_id: UUID
    uploaded_at: datetime
    study_uid: str | None
    requested_by: str
    holds_ct: bool


async def find(session: AsyncSession, institution: str, analysis_id: UUID) -> ReportedUpload | None:
    """The upload of this analysis; None without a report of it."""
    found = await session.execute(_uploads(institution).where(ReportRow.analysis_id == analysis_id))
    return next((ReportedUpload(*one) for one in found), None)


async def recent(session: AsyncSession, institution: str, limit: int) -> Sequence[ReportedUpload]:
    """The newest `limit` uploads whose newest analysis has a report, newest first."""
    newest = (
        _uploads(institution)
        .where(ScanRow.analysis_id == ReportRow.analysis_id, ~exists().where(ScanOriginRow.scan_id == ScanRow.id))
        .order_by(ScanRow.created_at.desc(), ScanRow.id.desc())
        .limit(limit)
    )
    return [ReportedUpload(*one) for one in await session.execute(newest)]


def _uploads(institution: str) -> Select[UUID, datetime, str | None, str, bool]:
    return (
        select(
            ScanRow.id,
            ScanRow.created_at,
            ScanRow.study_uid,
            AnalysisRow.requested_by,
            ReportRow.body.path_exists(SLICES_WERE_READ),
        )
        .join(ReportRow, ReportRow.scan_id == ScanRow.id)
        .join(AnalysisRow, AnalysisRow.id == ReportRow.analysis_id)
        .where(ScanRow.institution == institution)
    )
