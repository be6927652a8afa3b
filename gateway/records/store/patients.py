"""The rows of patients, each within its institution."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from gateway.database.paging import Window, count, holds
from gateway.database.tables import PatientRow, ScanRow

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none that is taken for another
PSEUDONYM_LETTERS: Final = 10  # 50 bits: two of 100,000 patients meet once in 200,000 hospitals


class PatientSort(StrEnum):
    """Orders of the list."""

    NEWEST = "newest"
    NAME = "name"


@dataclass(frozen=True)
class PatientFilter:
    """Which patients of one institution. Without `names`, words are looked for in pseudonyms alone."""

    institution: str
    names: bool
    q: str | None = None
    sort: PatientSort = PatientSort.NEWEST


@dataclass(frozen=True)
class Screened:
    """What is known of a patient's scans."""

    scans: int = 0
    last_verdict: str | None = None
    last_probability: float | None = None
    last_scan_at: datetime | None = None


async def insert(
    session: AsyncSession, institution: str, first_name: str, last_name: str, description: str | None
) -> PatientRow:
    """A new patient."""
    drawn = "".join(secrets.choice(LETTERS) for _ in range(PSEUDONYM_LETTERS))
    row = PatientRow(
        institution=institution,
        first_name=first_name,
        last_name=last_name,
        description=description,
        pseudonym=f"P-{drawn}",
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, institution: str, patient_id: UUID, *, lock: bool = False) -> PatientRow | None:
    """One patient; with `lock`, nobody else changes it until the transaction ends."""
    own = select(PatientRow).where(PatientRow.institution == institution, PatientRow.id == patient_id)
    return await session.scalar(own.with_for_update() if lock else own)


async def page(session: AsyncSession, wanted: PatientFilter, window: Window) -> tuple[tuple[PatientRow, ...], int]:
    """A part of the list, and how long the whole is."""
    found = select(PatientRow).where(*_where(wanted))
    part = found.order_by(*_order(wanted)).limit(window.limit).offset(window.offset)
    return tuple(await session.scalars(part)), await count(session, found)


async def screened(session: AsyncSession, patient_ids: Sequence[UUID]) -> Mapping[UUID, Screened]:
    """How many scans each patient has, and what the newest one that has a verdict says; nobody without a scan."""
    newest = (ScanRow.created_at.desc(), ScanRow.id.desc())
    read = ScanRow.verdict.is_not(None)
    rows = await session.execute(
        select(
            ScanRow.patient_id,
            func.count(),
            func.array_agg(aggregate_order_by(ScanRow.verdict, *newest)).filter(read)[1],
            func.array_agg(aggregate_order_by(ScanRow.probability, *newest)).filter(read)[1],
            func.max(ScanRow.created_at),
        )
        .where(ScanRow.patient_id.in_(patient_ids))
        .group_by(ScanRow.patient_id)
    )
    return {row[0]: Screened(*row[1:]) for row in rows}


async def renamed(session: AsyncSession, patient: PatientRow) -> None:
    """Tell the patient's scans the new name, for they repeat it."""
    own = update(ScanRow).where(ScanRow.patient_id == patient.id)
    await session.execute(own.values(patient_words=words_of(patient)))


def words_of(patient: PatientRow) -> str:
    """The name in both orders: a person may be asked for as "Anna Smith" and as "Smith Anna"."""
    return f"{patient.first_name} {patient.last_name} {patient.first_name}"


async def delete(session: AsyncSession, patient: PatientRow) -> tuple[str, ...]:
    """Delete the patient with scans, analyses and reports; return the sha256 of the blobs that those scans used."""
    used = tuple(await session.scalars(select(ScanRow.sha256).where(ScanRow.patient_id == patient.id).distinct()))
    await session.delete(patient)
    await session.flush()
    return used


def _where(wanted: PatientFilter) -> list[ColumnElement[bool]]:
    own = [PatientRow.institution == wanted.institution]
    if wanted.q is None:
        return own
    return [*own, holds(PatientRow.search, wanted.q) if wanted.names else PatientRow.pseudonym == wanted.q.upper()]


def _order(wanted: PatientFilter) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    if wanted.sort is PatientSort.NEWEST:
        return PatientRow.created_at.desc(), PatientRow.id.desc()
    return (PatientRow.last_name, PatientRow.first_name, PatientRow.id) if wanted.names else (PatientRow.pseudonym,)
