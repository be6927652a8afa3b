"""The rows of scans, each within its institution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from gateway.database.paging import PageRange
from gateway.database.tables import AnalysisRow, BlobRow, PatientRow, ScanRow
from gateway.database.tables.analyses import UNFINISHED
from gateway.database.text_search import contains_text
from gateway.records.store import blob_rows
from gateway.records.store.patients import search_name


class ScanSort(StrEnum):
    """The order of the list: by time, or by probability of pathology."""

    NEWEST = "newest"
    PROBABILITY = "probability"


@dataclass(frozen=True)
class ScanFilter:
    """Which scans of one institution. Without `names`, `q` matches pseudonyms and study UIDs only."""

    institution: str
    names: bool
    patient_id: UUID | None = None
    q: str | None = None
    statuses: Sequence[str] = ()
    verdicts: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    sort: ScanSort = ScanSort.NEWEST


@dataclass(frozen=True)
class StatusCount:
    """The number of scans with one status and verdict."""

    status: str
    verdict: str | None
    count: int


@dataclass(frozen=True)
class AnalysisProgress:
    """The progress of the unfinished analysis of a scan."""

    stage: str | None
    slices_done: int
    slices_total: int


async def insert(
    session: AsyncSession,
    institution: str,
    patient_id: UUID,
    file_name: str,
    description: str | None,
    sha256: str,
    size: int,
) -> ScanRow | None:
    """Insert a scan with the status `received`; None when there is no such patient.

    The blob is locked until the transaction ends. Store its object before that; no cleanup can delete it in between.
    """
    own = select(PatientRow).where(PatientRow.institution == institution, PatientRow.id == patient_id)
    patient = await session.scalar(own.with_for_update(read=True, key_share=True))
    if patient is None:
        return None
    await blob_rows.lock(session, sha256)
    await session.execute(upsert(BlobRow).values(sha256=sha256, size=size).on_conflict_do_nothing())
    row = ScanRow(
        institution=institution,
        patient_id=patient_id,
        patient_words=search_name(patient),
        file_name=file_name,
        description=description,
        sha256=sha256,
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, institution: str, scan_id: UUID, *, lock: bool = False) -> ScanRow | None:
    """One scan with its patient and its blob; with `lock` the row is locked until the transaction ends."""
    own = _with_patient_and_blob(select(ScanRow)).where(ScanRow.institution == institution, ScanRow.id == scan_id)
    return await session.scalar(own.with_for_update(of=ScanRow) if lock else own)


async def exists(session: AsyncSession, institution: str, scan_id: UUID) -> bool:
    """Whether the institution has this scan."""
    own = select(ScanRow.id).where(ScanRow.institution == institution, ScanRow.id == scan_id)
    return await session.scalar(own) is not None


async def prevent_deletion(session: AsyncSession, institution: str, scan_id: UUID) -> bool:
    """Let no other transaction delete the scan before this one ends; False when the institution has no such scan.

    Call it before a row that refers to the scan or to its report is inserted: the deletion locks the scan first, too.
    """
    own = select(ScanRow.id).where(ScanRow.institution == institution, ScanRow.id == scan_id)
    return await session.scalar(own.with_for_update(read=True, key_share=True)) is not None


async def page(session: AsyncSession, criteria: ScanFilter, page_range: PageRange) -> tuple[ScanRow, ...]:
    """A page of the list, each scan with its patient and its blob."""
    order = _order(criteria.sort)
    # The ids first, from an index only: a page at the end of the list would otherwise read all rows before it.
    ids = select(ScanRow.id).where(*_filter_clauses(criteria), *_status_clauses(criteria)).order_by(*order)
    part = ids.limit(page_range.limit).offset(page_range.offset).subquery()
    rows = _with_patient_and_blob(select(ScanRow)).join(part, part.c.id == ScanRow.id).order_by(*order)
    return tuple(await session.scalars(rows))


async def status_counts(session: AsyncSession, criteria: ScanFilter) -> tuple[StatusCount, ...]:
    """The number of scans by status and verdict, without the filters on these two."""
    statement = select(ScanRow.status, ScanRow.verdict, func.count()).where(*_filter_clauses(criteria))
    return tuple(
        StatusCount(*row) for row in await session.execute(statement.group_by(ScanRow.status, ScanRow.verdict))
    )


async def progress(session: AsyncSession, scans: Sequence[ScanRow]) -> Mapping[UUID, AnalysisProgress]:
    """The progress of the unfinished analyses of these scans, by scan id."""
    ids = [scan.analysis_id for scan in scans if scan.analysis_id is not None and scan.status in UNFINISHED]
    if not ids:
        return {}
    columns = (AnalysisRow.scan_id, AnalysisRow.stage, AnalysisRow.slices_done, AnalysisRow.slices_total)
    rows = await session.execute(select(*columns).where(AnalysisRow.id.in_(ids)))
    return {scan_id: AnalysisProgress(stage, done, total) for scan_id, stage, done, total in rows}


async def delete(session: AsyncSession, scan: ScanRow) -> None:
    """Delete the scan with its analyses and reports."""
    await session.delete(scan)
    await session.flush()


def _with_patient_and_blob(statement: Select[ScanRow]) -> Select[ScanRow]:
    return statement.options(joinedload(ScanRow.patient, innerjoin=True), joinedload(ScanRow.blob, innerjoin=True))


def _filter_clauses(criteria: ScanFilter) -> list[ColumnElement[bool]]:
    clauses = [ScanRow.institution == criteria.institution]
    if criteria.patient_id is not None:
        clauses.append(ScanRow.patient_id == criteria.patient_id)
    if criteria.since is not None:
        clauses.append(ScanRow.created_at >= criteria.since)
    if criteria.until is not None:
        clauses.append(ScanRow.created_at < criteria.until)
    if criteria.q is not None:
        clauses.append(
            contains_text(ScanRow.search, criteria.q)
            if criteria.names
            else _pseudonym_clause(criteria.institution, criteria.q)
        )
    return clauses


def _status_clauses(criteria: ScanFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if criteria.statuses:
        clauses.append(ScanRow.status.in_(criteria.statuses))
    if criteria.verdicts:
        clauses.append(ScanRow.verdict.in_(criteria.verdicts))
    return clauses


def _pseudonym_clause(institution: str, text: str) -> ColumnElement[bool]:
    own = select(PatientRow.id).where(PatientRow.institution == institution, PatientRow.pseudonym == text.upper())
    return or_(ScanRow.study_uid == text, ScanRow.patient_id.in_(own))


def _order(sort: ScanSort) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    newest = (ScanRow.created_at.desc(), ScanRow.id.desc())
    if sort is ScanSort.NEWEST:
        return newest
    return ScanRow.rank, ScanRow.probability.desc().nulls_last(), *newest
