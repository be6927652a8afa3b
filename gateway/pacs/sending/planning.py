"""Planning: each new report becomes a delivery to each of its destinations, exactly once."""

from gateway.database.connection import AsyncSession
from gateway.errors import NoReport
from gateway.pacs.routing.rules import Rules
from gateway.pacs.sending.store import planning as rows
from gateway.pacs.sending.store.planning import UnplannedReport


async def plan(session: AsyncSession, rules: Rules) -> tuple[int, int] | None:
    """Plan the oldest reports that are not planned; the numbers of reports and of deliveries, None when all are."""
    taken = await rows.take(session)
    if taken is None:
        return None
    return len(taken), sum([await _plan_one(session, rules, report) for report in taken])


async def _plan_one(session: AsyncSession, rules: Rules, report: UnplannedReport) -> int:
    """What came from the network goes where the rules said then, a person's upload where they say now."""
    if report.from_network:
        return await rows.add(session, report, report.destinations)
    try:
        decision = await rules.decide_upload(session, report.institution, report.analysis_id)
    except NoReport:  # deleted with its analysis
        return 0
    return await rows.add(session, report, decision.destinations)
