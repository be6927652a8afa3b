"""Studies from the network that are complete, with what their series say."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import IncomingInstanceRow, IncomingStudyRow
from gateway.pacs.routing.decision import SeriesAttributes


@dataclass(frozen=True)
class CompleteStudy:
    """A study, its series, and the scan of its last version; None when that was deleted."""

    study: IncomingStudyRow
    series: Sequence[SeriesAttributes]
    scan_id: UUID | None


async def recent(session: AsyncSession, institution: str, limit: int) -> Sequence[CompleteStudy]:
    """The newest `limit` studies that have become a scan, newest first."""
    row = IncomingStudyRow
    newest = select(row).where(row.institution == institution, row.version > 0)
    studies = (await session.scalars(newest.order_by(row.last_at.desc(), row.id.desc()).limit(limit))).all()
    series, scans = await _series_and_scans(session, [study.id for study in studies])
    return [CompleteStudy(study, series[study.id], scans.get(study.id)) for study in studies]


async def _series_and_scans(
    session: AsyncSession, studies: Sequence[UUID]
) -> tuple[dict[UUID, list[SeriesAttributes]], dict[UUID, UUID]]:
    row = IncomingInstanceRow
    columns = (row.modality, row.body_part, row.station, row.series_description)
    series: dict[UUID, list[SeriesAttributes]] = defaultdict(list)
    scans: dict[UUID, UUID] = {}
    for study_id, scan_id, *one in await session.execute(
        select(row.study_id, row.scan_id, *columns).where(row.study_id.in_(studies)).distinct()
    ):
        series[study_id].append(SeriesAttributes(*one))
        if scan_id is not None:
            scans[study_id] = scan_id
    return series, scans
