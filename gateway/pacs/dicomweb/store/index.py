"""The rows of the index: which scans were read, and their studies and series."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, not_, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import DicomIndexRow, DicomSeriesRow, DicomStudyRow, ScanRow
from gateway.pacs.dicomweb.catalogue import VERSION, SeriesSummary, StudySummary
from gateway.pacs.dicomweb.dicom_json import text_of
from screening.errors import DecodeTimeout

AGAIN: Final = timedelta(hours=1)
BEING_READ: Final = "being_read"  # in the column of errors, while a process reads the scan in the background
LONGEST: Final = timedelta(minutes=15)  # of one reading; a process that has not ended by then was killed


@dataclass(frozen=True)
class PendingScan:
    """A scan that was not read yet by this version of the reading."""

    scan_id: UUID
    institution: str
    sha256: str = field(repr=False)


async def pending(session: AsyncSession, limit: int, institution: str | None = None) -> tuple[PendingScan, ...]:
    """Scans that are not in the index, the newest first.

    With None those of all institutions that nobody reads; with an institution, also those that are being read, for a
    search waits for them. Those whose reading took too long are tried again after an hour: a busy machine may be the
    reason.
    """
    unread = _abandoned() if institution is None else DicomIndexRow.error == BEING_READ
    current = and_(
        DicomIndexRow.scan_id == ScanRow.id,
        DicomIndexRow.version >= VERSION,
        or_(DicomIndexRow.error.is_(None), not_(or_(_slow(), unread))),
    )
    statement = (
        select(ScanRow.id, ScanRow.institution, ScanRow.sha256)
        .outerjoin(DicomIndexRow, current)
        .where(DicomIndexRow.scan_id.is_(None))
        .order_by(ScanRow.created_at.desc(), ScanRow.id.desc())
        .limit(limit)
    )
    if institution is not None:
        statement = statement.where(ScanRow.institution == institution)
    return tuple(PendingScan(*row) for row in await session.execute(statement))


async def claim(session: AsyncSession, scan_id: UUID) -> bool:
    """Mark a scan as being read, so that no other process reads it in the background; False when one does already."""
    if await session.scalar(select(ScanRow.id).where(ScanRow.id == scan_id).with_for_update(read=True, key_share=True)):
        mark = upsert(DicomIndexRow).values(scan_id=scan_id, version=VERSION, error=BEING_READ)
        told = {"version": mark.excluded.version, "error": mark.excluded.error, "indexed_at": mark.excluded.indexed_at}
        free = or_(DicomIndexRow.version < VERSION, _slow(), _abandoned())
        statement = mark.on_conflict_do_update(index_elements=["scan_id"], set_=told, where=free)
        return await session.scalar(statement.returning(DicomIndexRow.scan_id)) is not None
    return False


async def give_back(session: AsyncSession, scan_id: UUID) -> None:
    """A scan that is being read is not read any more; what was read of it meanwhile stays."""
    own = (DicomIndexRow.scan_id == scan_id, DicomIndexRow.error == BEING_READ)
    await session.execute(delete(DicomIndexRow).where(*own))


async def replace(session: AsyncSession, scan_id: UUID, studies: Sequence[StudySummary], error: str | None) -> bool:
    """Write what was read of a scan in place of what was written before; False when the scan was deleted."""
    scan = await session.scalar(select(ScanRow).where(ScanRow.id == scan_id).with_for_update(read=True, key_share=True))
    if scan is None:
        return False
    mark = upsert(DicomIndexRow).values(scan_id=scan_id, version=VERSION, error=error)
    told = {"version": mark.excluded.version, "error": mark.excluded.error, "indexed_at": mark.excluded.indexed_at}
    await session.execute(mark.on_conflict_do_update(index_elements=["scan_id"], set_=told))
    await session.execute(delete(DicomStudyRow).where(DicomStudyRow.scan_id == scan_id))
    for study in studies:
        session.add(_study_row(scan, study))
        await session.flush()  # series refer to it
        session.add_all(_series_rows(scan_id, study.uid, study.series, None))
    return True


async def has_results(session: AsyncSession, scan_id: UUID, study_uid: str, report_id: UUID) -> bool:
    """Whether the series of this report are in the index."""
    own = (DicomSeriesRow.scan_id == scan_id, DicomSeriesRow.study_uid == study_uid)
    found = select(DicomSeriesRow.series_uid).where(*own, DicomSeriesRow.report_id == report_id).limit(1)
    return await session.scalar(found) is not None


async def replace_results(
    session: AsyncSession, scan_id: UUID, study_uid: str, report_id: UUID, series: Sequence[SeriesSummary]
) -> None:
    """Write the series that were made of a report in place of those of an earlier one; nothing for an unknown study."""
    own = (DicomStudyRow.scan_id == scan_id, DicomStudyRow.study_uid == study_uid)
    if await session.scalar(select(DicomStudyRow.study_uid).where(*own).with_for_update()) is None:
        return
    of_results = DicomSeriesRow.report_id.is_not(None)
    of_study = (DicomSeriesRow.scan_id == scan_id, DicomSeriesRow.study_uid == study_uid)
    await session.execute(delete(DicomSeriesRow).where(*of_study, of_results))
    session.add_all(_series_rows(scan_id, study_uid, series, report_id))


def _slow() -> ColumnElement[bool]:
    return and_(DicomIndexRow.error == DecodeTimeout.code, DicomIndexRow.indexed_at < func.now() - AGAIN)


def _abandoned() -> ColumnElement[bool]:
    return and_(DicomIndexRow.error == BEING_READ, DicomIndexRow.indexed_at < func.now() - LONGEST)


def _study_row(scan: ScanRow, study: StudySummary) -> DicomStudyRow:
    return DicomStudyRow(
        scan_id=scan.id,
        study_uid=study.uid,
        institution=scan.institution,
        scanned_at=scan.created_at,
        patient_name=text_of(study.attributes, "PatientName"),
        patient_id=text_of(study.attributes, "PatientID"),
        accession_number=text_of(study.attributes, "AccessionNumber"),
        study_date=text_of(study.attributes, "StudyDate"),
        attributes=dict(study.attributes),
    )


def _series_rows(
    scan_id: UUID, study_uid: str, series: Sequence[SeriesSummary], report_id: UUID | None
) -> list[DicomSeriesRow]:
    return [
        DicomSeriesRow(
            scan_id=scan_id,
            study_uid=study_uid,
            series_uid=one.uid,
            report_id=report_id,
            place=place,
            modality=one.modality,
            is_ct=one.is_ct,
            instances=one.instances,
            attributes=dict(one.attributes),
        )
        for place, one in enumerate(series)
    ]
