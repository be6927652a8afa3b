"""The SQL of searches for prior studies: which scan is next, and of which patient it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import PatientIdentifierRow, PriorSearchRow, ScanRow

LEASE_S: Final = 1800.0  # a killed search, and one that failed, is begun again after it

# Scans of the last day alone: switching the rule on asks for no priors of the years before.
TAKE: Final = text("""
    INSERT INTO prior_searches (scan_id, leased_until)
    SELECT scans.id, now() + make_interval(secs => :lease_s)
    FROM scans JOIN scan_origins AS origin ON origin.scan_id = scans.id
    WHERE origin.source IN ('dimse', 'stow') AND scans.status = 'done' AND scans.created_at > now() - interval '1 day'
        AND NOT EXISTS (
            SELECT FROM prior_searches AS known
            WHERE known.scan_id = scans.id AND (known.ended OR known.leased_until > now())
        )
    ORDER BY scans.created_at LIMIT 1
    ON CONFLICT (scan_id) DO UPDATE SET leased_until = excluded.leased_until
        WHERE NOT prior_searches.ended AND prior_searches.leased_until <= now()
    RETURNING scan_id
""")


@dataclass(frozen=True)
class ScreenedScan:
    """A scan whose patient may have prior studies: its Patient IDs with issuers, and the studies that are here."""

    id: UUID
    institution: str
    identifiers: Sequence[tuple[str, str]] = field(repr=False)
    study_uids: frozenset[str]


async def take(session: AsyncSession) -> ScreenedScan | None:
    """Lease the search of the next scan; None when none is due."""
    scan_id: UUID | None = await session.scalar(TAKE, {"lease_s": LEASE_S})
    if scan_id is None:
        return None
    scan = await session.scalar(select(ScanRow).where(ScanRow.id == scan_id))
    if scan is None:
        return None
    identifier = PatientIdentifierRow
    named = select(identifier.number, identifier.issuer).where(identifier.patient_id == scan.patient_id)
    known = await session.scalars(select(ScanRow.study_uid).where(ScanRow.patient_id == scan.patient_id))
    identifiers = [(row.number, row.issuer) for row in await session.execute(named)]
    return ScreenedScan(scan_id, scan.institution, identifiers, frozenset(filter(None, known)))


async def end(session: AsyncSession, scan_id: UUID) -> None:
    """The search of the scan is over."""
    await session.execute(update(PriorSearchRow).where(PriorSearchRow.scan_id == scan_id).values(ended=True))
