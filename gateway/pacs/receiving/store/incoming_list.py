"""What came from the network, for people: studies with what became of them, and their senders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.paging import PageRange, count
from gateway.database.tables import IncomingInstanceRow, IncomingStudyRow, ScanOriginRow, ScanRow
from gateway.database.tables.scan_origins import Source


@dataclass(frozen=True)
class ListedStudy:
    """A study; `waiting` of its `instances` are in no scan yet. `scan` and `origin` are those of its last version."""

    study: IncomingStudyRow
    instances: int
    waiting: int
    scan: ScanRow | None
    origin: ScanOriginRow | None


@dataclass(frozen=True)
class SenderTraffic:
    """What a sender sent since a moment, and when its last instance came at all."""

    source: Source
    sender: str
    studies: int
    instances: int
    last_at: datetime


async def page(
    session: AsyncSession, institution: str, since: datetime | None, page_range: PageRange
) -> tuple[Sequence[ListedStudy], int]:
    """Studies with instances, the last of which came since then; the newest first, and their number."""
    studies = _studies(institution, since)
    total = await count(session, studies)
    row = IncomingStudyRow
    ordered = studies.order_by(row.last_at.desc(), row.id.desc()).limit(page_range.limit).offset(page_range.offset)
    found = (await session.scalars(ordered)).all()
    return await _with_scans(session, found), total


async def senders(session: AsyncSession, institution: str, since: datetime) -> Sequence[SenderTraffic]:
    """Every sender that ever sent, the last one first; an instance counts for the first sender of its study."""
    study, instance = IncomingStudyRow, IncomingInstanceRow
    recent = (
        select(instance.study_id, func.count().label("instances"))
        .join(study, study.id == instance.study_id)
        .where(study.institution == institution, study.last_at >= since, instance.received_at >= since)
        .group_by(instance.study_id)
        .subquery()
    )
    last_at = func.max(study.last_at)
    found = await session.execute(
        select(
            study.source,
            study.sender,
            func.count(recent.c.study_id),
            func.coalesce(func.sum(recent.c.instances), 0),
            last_at,
        )
        .outerjoin(recent, recent.c.study_id == study.id)
        .where(study.institution == institution)
        .group_by(study.source, study.sender)
        .order_by(last_at.desc())
    )
    return [SenderTraffic(source, sender, studies, int(sent), at) for source, sender, studies, sent, at in found]


def _studies(institution: str, since: datetime | None) -> Select[IncomingStudyRow]:
    row = IncomingStudyRow
    has_instances = select(1).where(IncomingInstanceRow.study_id == row.id).exists()
    studies = select(row).where(row.institution == institution, has_instances)
    return studies if since is None else studies.where(row.last_at >= since)


async def _with_scans(session: AsyncSession, studies: Sequence[IncomingStudyRow]) -> Sequence[ListedStudy]:
    instance = IncomingInstanceRow
    counted = await session.execute(
        select(
            instance.study_id,
            func.count(),
            func.count(instance.waiting_key),
            func.array_agg(instance.scan_id.distinct()),
        )
        .where(instance.study_id.in_([study.id for study in studies]))
        .group_by(instance.study_id)
    )
    counts = {study_id: (number, waiting, scans) for study_id, number, waiting, scans in counted}
    named = [scan_id for _, _, scans in counts.values() for scan_id in scans if scan_id is not None]
    known: dict[UUID, tuple[ScanRow, ScanOriginRow | None]] = {
        scan.id: (scan, origin)
        for scan, origin in await session.execute(
            select(ScanRow, ScanOriginRow)
            .outerjoin(ScanOriginRow, ScanOriginRow.scan_id == ScanRow.id)
            .where(ScanRow.id.in_(named))
        )
    }
    listed = []
    for study in studies:
        number, waiting, scans = counts.get(study.id, (0, 0, []))
        scan, origin = next((known[scan_id] for scan_id in scans if scan_id in known), (None, None))
        listed.append(ListedStudy(study, number, waiting, scan, origin))
    return listed
