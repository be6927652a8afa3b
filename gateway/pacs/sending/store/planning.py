"""Planning: each new report becomes a delivery to each of its destinations, exactly once.

A trigger remembers each report; the transaction that deletes its row plans it. So a destination that is
added later never gets the results of the years before.
"""

from typing import Final

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

PLAN: Final = text("""
    INSERT INTO deliveries (id, institution, destination, scan_id, analysis_id, urgent, state, error, detail)
    SELECT gen_random_uuid(), analyses.institution, wanted.name, analyses.scan_id, analyses.id, analyses.urgent,
        CASE WHEN known.id IS NULL THEN 'failed' ELSE 'waiting' END,
        CASE WHEN known.id IS NULL THEN :error END,
        CASE WHEN known.id IS NULL THEN :detail END
    FROM analyses
    JOIN scan_origins AS origin ON origin.scan_id = analyses.scan_id
    CROSS JOIN LATERAL (
        SELECT unnest(origin.destinations) AS name
        UNION
        SELECT name FROM destinations
        WHERE origin.destinations IS NULL AND by_default AND institution = analyses.institution
    ) AS wanted
    LEFT JOIN destinations AS known ON known.institution = analyses.institution AND known.name = wanted.name
    WHERE analyses.id = ANY(:analyses)
    ON CONFLICT DO NOTHING
    RETURNING id
""")


async def plan(session: AsyncSession) -> tuple[int, int]:
    """Plan the deliveries of the oldest unplanned reports; returns the numbers of reports and of deliveries.

    A report of a scan without an origin has none. A name that no destination has is a delivery that failed.
    """
    taken = (await session.execute(TAKE, {"most": AT_ONCE})).all()
    if not taken:
        return 0, 0
    await session.execute(LOCK_SCANS, {"scans": list({row.scan_id for row in taken})})
    missing = fault(FaultCode.NO_DESTINATION)
    values = {"analyses": [row.analysis_id for row in taken], "error": missing.code.value, "detail": missing.detail}
    return len(taken), len((await session.execute(PLAN, values)).all())
