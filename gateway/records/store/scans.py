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

from gateway.database.paging import Window, holds
from gateway.database.tables import AnalysisRow, BlobRow, PatientRow, ScanRow
from gateway.database.tables.work import UNFINISHED
from gateway.records.store import blob_rows
from gateway.records.store.patients import words_of


class ScanSort(StrEnum):
    """Orders of the list: by age, or by suspicion."""

    NEWEST = "newest"
    PROBABILITY = "probability"


@dataclass(frozen=True)
class ScanFilter:
    """Which scans of one institution. Without `names`, words are looked for in pseudonyms and study UIDs alone."""

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
class Kind:
    """Scans of one status and verdict, and how many they are."""

    status: str
    verdict: str | None
    count: int


@dataclass(frozen=True)
class Progress:
    """How far the unfinished analysis of a scan is."""

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
    """A new scan, `received`; None when there is no such patient.

    The blob is held until the transaction ends: put it in its place before that, and nobody who finds it unused can
    take it away in between.
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
        patient_words=words_of(patient),
        file_name=file_name,
        description=description,
        sha256=sha256,
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, institution: str, scan_id: UUID, *, lock: bool = False) -> ScanRow | None:
    """One scan with its patient and its blob; with `lock`, nobody else changes it until the transaction ends."""
    own = _with_both(select(ScanRow)).where(ScanRow.institution == institution, ScanRow.id == scan_id)
    return await session.scalar(own.with_for_update(of=ScanRow) if lock else own)


async def exists(session: AsyncSession, institution: str, scan_id: UUID) -> bool:
    """Whether there is such a scan."""
    own = select(ScanRow.id).where(ScanRow.institution == institution, ScanRow.id == scan_id)
    return await session.scalar(own) is not None


async def page(session: AsyncSession, wanted: ScanFilter, window: Window) -> tuple[ScanRow, ...]:
    """A part of the list, each scan with its patient and its blob."""
    order = _order(wanted.sort)
    # The ids first, for which an index is enough: a page at the end of the list would else read every row before it.
    ids = select(ScanRow.id).where(*_asked(wanted), *_of_kind(wanted)).order_by(*order)
    part = ids.limit(window.limit).offset(window.offset).subquery()
    rows = _with_both(select(ScanRow)).join(part, part.c.id == ScanRow.id).order_by(*order)
    return tuple(await session.scalars(rows))


async def kinds(session: AsyncSession, wanted: ScanFilter) -> tuple[Kind, ...]:
    """How many scans of each kind there are, whatever kind is wanted."""
    statement = select(ScanRow.status, ScanRow.verdict, func.count()).where(*_asked(wanted))
    return tuple(Kind(*row) for row in await session.execute(statement.group_by(ScanRow.status, ScanRow.verdict)))


async def progress(session: AsyncSession, scans: Sequence[ScanRow]) -> Mapping[UUID, Progress]:
    """How far the analyses of these scans are, by the scan's id; none of those that are finished."""
    ids = [scan.analysis_id for scan in scans if scan.analysis_id is not None and scan.status in UNFINISHED]
    if not ids:
        return {}
    columns = (AnalysisRow.scan_id, AnalysisRow.stage, AnalysisRow.slices_done, AnalysisRow.slices_total)
    rows = await session.execute(select(*columns).where(AnalysisRow.id.in_(ids)))
    return {scan_id: Progress(stage, done, total) for scan_id, stage, done, total in rows}


async def delete(session: AsyncSession, scan: ScanRow) -> None:
    """Delete the scan with its analyses and reports."""
    await session.delete(scan)
    await session.flush()


def _with_both(statement: Select[ScanRow]) -> Select[ScanRow]:
    return statement.options(joinedload(ScanRow.patient, innerjoin=True), joinedload(ScanRow.blob, innerjoin=True))


def _asked(wanted: ScanFilter) -> list[ColumnElement[bool]]:
    clauses = [ScanRow.institution == wanted.institution]
    if wanted.patient_id is not None:
        clauses.append(ScanRow.patient_id == wanted.patient_id)
    if wanted.since is not None:
        clauses.append(ScanRow.created_at >= wanted.since)
    if wanted.until is not None:
        clauses.append(ScanRow.created_at < wanted.until)
    if wanted.q is not None:
        clauses.append(holds(ScanRow.search, wanted.q) if wanted.names else _unnamed(wanted.institution, wanted.q))
    return clauses


def _of_kind(wanted: ScanFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.statuses:
        clauses.append(ScanRow.status.in_(wanted.statuses))
    if wanted.verdicts:
        clauses.append(ScanRow.verdict.in_(wanted.verdicts))
    return clauses


def _unnamed(institution: str, words: str) -> ColumnElement[bool]:
    own = select(PatientRow.id).where(PatientRow.institution == institution, PatientRow.pseudonym == words.upper())
    return or_(ScanRow.study_uid == words, ScanRow.patient_id.in_(own))


def _order(sort: ScanSort) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    newest = (ScanRow.created_at.desc(), ScanRow.id.desc())
    if sort is ScanSort.NEWEST:
        return newest
    return ScanRow.rank, ScanRow.probability.desc().nulls_last(), *newest
