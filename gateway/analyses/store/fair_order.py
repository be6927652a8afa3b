"""Whose analysis is claimed next: the rule of `gateway.fairness.fair_queue`, in one SQL statement.

Each claim inserts a turn. Institutions and principals are compared by the numbers of their last turns, so no worker
waits for another, and no clock decides (ADR 31).
"""

import json
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import AnalysisRow, ServedPartyRow
from gateway.database.tables.analyses import AnalysisState
from gateway.fairness.fair_queue import URGENT_PER_ROUTINE
from gateway.fairness.party import Party
from gateway.fairness.wait_bound import Weights, turns_before

KEPT: Final = 100_000  # turns; an institution or principal without one of these was not served lately

# `parties` steps from one party to the next in the index of queued analyses, however many each has. The order of `last`
# is that in which LATERAL is tried, and LIMIT stops at the first analysis that is neither paused nor locked. The scan
# is locked before its analysis, as everywhere; a locked one is being claimed, changed or deleted.
NEXT: Final = text(
    """
    WITH RECURSIVE parties AS (
        (SELECT urgent, institution, requested_by, queued_at FROM analyses WHERE state IN ('queued')
         ORDER BY urgent, institution, requested_by, queued_at LIMIT 1)
        UNION ALL
        SELECT later.* FROM parties CROSS JOIN LATERAL (
            SELECT urgent, institution, requested_by, queued_at FROM analyses WHERE state IN ('queued')
            AND (urgent, institution, requested_by) > (parties.urgent, parties.institution, parties.requested_by)
            ORDER BY urgent, institution, requested_by, queued_at LIMIT 1) AS later
    ), last AS (
        SELECT parties.*, coalesce((
            SELECT number FROM analysis_turns WHERE institution = parties.institution AND urgent = parties.urgent
            ORDER BY number DESC LIMIT 1
            OFFSET greatest(1, coalesce(CAST(CAST(:weights AS jsonb) ->> parties.institution AS int), 1)) - 1
        ), 0) AS institution_turn, coalesce((
            SELECT max(number) FROM analysis_turns WHERE institution = parties.institution
            AND principal = parties.requested_by AND urgent = parties.urgent
        ), 0) AS principal_turn
        FROM parties
    ), ordered AS (
        SELECT * FROM last ORDER BY urgent = (
            coalesce((SELECT number FROM analysis_turns WHERE urgent ORDER BY number DESC LIMIT 1 OFFSET :in_a_row), 0)
            > coalesce((SELECT max(number) FROM analysis_turns WHERE NOT urgent), 0)
        ), institution_turn, principal_turn, queued_at
    )
    SELECT oldest.id FROM ordered CROSS JOIN LATERAL (
        SELECT analyses.id FROM analyses JOIN scans ON scans.id = analyses.scan_id
        WHERE analyses.state IN ('queued') AND analyses.urgent = ordered.urgent
        AND analyses.institution = ordered.institution AND analyses.requested_by = ordered.requested_by
        AND (paused_until IS NULL OR paused_until <= now())
        ORDER BY analyses.queued_at, analyses.id LIMIT 1
        FOR NO KEY UPDATE OF scans SKIP LOCKED) AS oldest
    LIMIT 1
    """
)


async def next_analysis(session: AsyncSession, weights: Weights) -> UUID | None:
    """The queued analysis whose turn is next, its scan locked; None when none waits that may run now.

    Another worker may have claimed it between the reading and the lock: then the claim finds that it is not queued.
    """
    criteria = {"weights": json.dumps(dict(weights)), "in_a_row": URGENT_PER_ROUTINE - 1}
    found: UUID | None = await session.scalar(NEXT, criteria)
    return found


def record_turn(session: AsyncSession, claimed: AnalysisRow) -> None:
    """Record that the party of a claimed analysis had a turn."""
    session.add(ServedPartyRow(urgent=claimed.urgent, institution=claimed.institution, principal=claimed.requested_by))


async def ahead_of(session: AsyncSession, analysis: AnalysisRow, weights: Weights) -> int:
    """At most so many of the analyses that are queued now have their turn before this one."""
    queued = AnalysisRow.state == AnalysisState.QUEUED
    own = Party(analysis.institution, analysis.requested_by)
    own_before = await session.scalar(
        select(func.count()).where(
            queued,
            AnalysisRow.urgent == analysis.urgent,
            AnalysisRow.institution == own.institution,
            AnalysisRow.requested_by == own.principal,
            AnalysisRow.queued_at < analysis.queued_at,
        )
    )
    counted = select(AnalysisRow.urgent, AnalysisRow.institution, AnalysisRow.requested_by, func.count())
    waiting: dict[bool, dict[Party, int]] = {True: {}, False: {}}
    for urgent, institution, principal, count in await session.execute(
        counted.where(queued).group_by(AnalysisRow.urgent, AnalysisRow.institution, AnalysisRow.requested_by)
    ):
        waiting[urgent][Party(institution, principal)] = count
    same = turns_before(own, waiting[analysis.urgent] | {own: own_before or 0}, weights)
    return same if analysis.urgent else same + sum(waiting[True].values())


async def delete_old_turns(session: AsyncSession) -> None:
    """Delete all but the last `KEPT` turns."""
    newest = select(func.max(ServedPartyRow.number)).scalar_subquery()
    await session.execute(delete(ServedPartyRow).where(ServedPartyRow.number <= newest - KEPT))
