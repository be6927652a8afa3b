"""Reports whose deliveries are not planned yet: taken once, and planned by the transaction that takes them.

A trigger remembers each report. So a destination that is added later never gets the results of the years before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.pacs.sending.faults import FaultCode, fault

AT_ONCE: Final = 100

TAKE: Final = text("""
    DELETE FROM unplanned_reports WHERE analysis_id IN (
        SELECT analysis_id FROM unplanned_reports ORDER BY created_at LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING analysis_id, scan_id
""")

# Before its reports and analyses, in the order of a cascading delete: else the two deadlock.
LOCK_SCANS: Final = text("SELECT id FROM scans WHERE id = ANY(:scans) ORDER BY id FOR KEY SHARE")

REPORTS: Final = text("""
    SELECT analyses.id, analyses.institution, origin.scan_id IS NOT NULL, origin.destinations
    FROM analyses LEFT JOIN scan_origins AS origin ON origin.scan_id = analyses.scan_id
    WHERE analyses.id = ANY(:analyses)
""")

PLAN: Final = text("""
    INSERT INTO deliveries (id, institution, destination, scan_id, analysis_id, urgent, state, error, detail)
    SELECT gen_random_uuid(), analyses.institution, wanted.name, analyses.scan_id, analyses.id, analyses.urgent,
        CASE WHEN known.id IS NULL THEN 'failed' ELSE 'waiting' END,
        CASE WHEN known.id IS NULL THEN :error END,
        CASE WHEN known.id IS NULL THEN :detail END
    FROM analyses
    CROSS JOIN LATERAL (
        SELECT unnest(CAST(:destinations AS text[])) AS name
        UNION
        SELECT name FROM destinations
        WHERE CAST(:destinations AS text[]) IS NULL AND by_default AND institution = analyses.institution
    ) AS wanted
    LEFT JOIN destinations AS known ON known.institution = analyses.institution AND known.name = wanted.name
    WHERE analyses.id = :analysis
    ON CONFLICT DO NOTHING
    RETURNING id
""")


@dataclass(frozen=True)
class UnplannedReport:
    """A report; `destinations` were decided when its study came from the network, None for the default ones."""

    analysis_id: UUID
    institution: str
    from_network: bool
    destinations: Sequence[str] | None


async def take(session: AsyncSession) -> Sequence[UnplannedReport] | None:
    """The oldest reports that are not planned yet; None when there is none, and fewer where a scan was deleted."""
    taken = (await session.execute(TAKE, {"most": AT_ONCE})).all()
    if not taken:
        return None
    await session.execute(LOCK_SCANS, {"scans": list({row.scan_id for row in taken})})
    reports = await session.execute(REPORTS, {"analyses": [row.analysis_id for row in taken]})
    return [UnplannedReport(*row) for row in reports]


async def add(session: AsyncSession, report: UnplannedReport, destinations: Sequence[str] | None) -> int:
    """The number of new deliveries. A name that no destination has is a delivery that failed."""
    missing = fault(FaultCode.NO_DESTINATION)
    values = {"error": missing.code.value, "detail": missing.detail, "analysis": report.analysis_id}
    names = None if destinations is None else list(destinations)
    return len((await session.execute(PLAN, {**values, "destinations": names})).all())
