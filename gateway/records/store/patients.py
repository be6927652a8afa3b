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

from gateway.database.paging import PageRange, count
from gateway.database.tables import PatientRow, ScanRow
from gateway.database.text_search import contains_text

PSEUDONYM_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's Base32: no two letters look alike
PSEUDONYM_LENGTH: Final = 10  # 50 bits: among 100,000 patients a collision has a probability of 1 in 200,000


class PatientSort(StrEnum):
    """The order of the list."""

    NEWEST = "newest"
    NAME = "name"


@dataclass(frozen=True)
class PatientFilter:
    """Which patients of one institution. Without `names`, `q` matches pseudonyms only."""

    institution: str
    names: bool
    q: str | None = None
    sort: PatientSort = PatientSort.NEWEST


@dataclass(frozen=True)
class ScanSummary:
    """A summary of a patient's scans."""

    scans: int = 0
    last_verdict: str | None = None
    last_probability: float | None = None
    last_scan_at: datetime | None = None


async def insert(
    session: AsyncSession, institution: str, first_name: str, last_name: str, description: str | None
) -> PatientRow:
    """Insert a patient with a random pseudonym."""
    letters = "".join(secrets.choice(PSEUDONYM_ALPHABET) for _ in range(PSEUDONYM_LENGTH))
    row = PatientRow(
        institution=institution,
        first_name=first_name,
        last_name=last_name,
        description=description,
        pseudonym=f"P-{letters}",
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, institution: str, patient_id: UUID, *, lock: bool = False) -> PatientRow | None:
    """One patient; with `lock` the row is locked until the transaction ends."""
    own = select(PatientRow).where(PatientRow.institution == institution, PatientRow.id == patient_id)
    return await session.scalar(own.with_for_update() if lock else own)


async def page(
    session: AsyncSession, criteria: PatientFilter, page_range: PageRange
) -> tuple[tuple[PatientRow, ...], int]:
    """A page of the list, and the total number."""
    found = select(PatientRow).where(*_where(criteria))
    part = found.order_by(*_order(criteria)).limit(page_range.limit).offset(page_range.offset)
    return tuple(await session.scalars(part)), await count(session, found)


async def scan_summaries(session: AsyncSession, patient_ids: Sequence[UUID]) -> Mapping[UUID, ScanSummary]:
    """By patient id: the number of scans, and the newest verdict. Patients without scans are absent."""
    newest = (ScanRow.created_at.desc(), ScanRow.id.desc())
    has_verdict = ScanRow.verdict.is_not(None)
    rows = await session.execute(
        select(
            ScanRow.patient_id,
            func.count(),
            func.array_agg(aggregate_order_by(ScanRow.verdict, *newest)).filter(has_verdict)[1],
            func.array_agg(aggregate_order_by(ScanRow.probability, *newest)).filter(has_verdict)[1],
            func.max(ScanRow.created_at),
        )
        .where(ScanRow.patient_id.in_(patient_ids))
        .group_by(ScanRow.patient_id)
    )
    return {row[0]: ScanSummary(*row[1:]) for row in rows}


async def update_search_name(session: AsyncSession, patient: PatientRow) -> None:
    """Write the patient's new name into the rows of the scans, which repeat it for the search."""
    own = update(ScanRow).where(ScanRow.patient_id == patient.id)
    await session.execute(own.values(patient_words=search_name(patient)))


def search_name(patient: PatientRow) -> str:
    """The name in both orders, so that "Anna Smith" and "Smith Anna" are both found."""
    return f"{patient.first_name} {patient.last_name} {patient.first_name}"


async def delete(session: AsyncSession, patient: PatientRow) -> tuple[str, ...]:
    """Delete the patient with scans, analyses and reports; return the sha256 of the blobs that those scans used."""
    used = tuple(await session.scalars(select(ScanRow.sha256).where(ScanRow.patient_id == patient.id).distinct()))
    await session.delete(patient)
    await session.flush()
    return used


def _where(criteria: PatientFilter) -> list[ColumnElement[bool]]:
    own = [PatientRow.institution == criteria.institution]
    if criteria.q is None:
        return own
    return [
        *own,
        contains_text(PatientRow.search, criteria.q) if criteria.names else PatientRow.pseudonym == criteria.q.upper(),
    ]


def _order(criteria: PatientFilter) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    if criteria.sort is PatientSort.NEWEST:
        return PatientRow.created_at.desc(), PatientRow.id.desc()
    return (PatientRow.last_name, PatientRow.first_name, PatientRow.id) if criteria.names else (PatientRow.pseudonym,)
