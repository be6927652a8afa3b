"""Statistics of an institution, computed by PostgreSQL and compared with known values."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.connection import Database
from gateway.database.tables import AnalysisRow, AttemptRow, FeedbackRow, ReportRow
from gateway.reports.statistics import Agreement, over_hours
from tests.integration.gateway.analyses.rows import new_scan


async def ended(
    session: AsyncSession,
    institution: str,
    verdict: str,
    *,
    hours_ago: float,
    took_s: float,
    stages: Mapping[str, float],
) -> UUID:
    """An analysis with its report; gives the report's id."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    scan = await new_scan(session, institution=institution)
    analysis = AnalysisRow(
        scan_id=scan,
        institution=institution,
        state="failed" if verdict == "not_analysed" else "done",
        requested_by="local",
        queued_at=at - timedelta(seconds=took_s),
        finished_at=at,
    )
    session.add(analysis)
    await session.flush()
    attempt = {"analysis_id": analysis.id, "number": 1, "worker": "w", "finished_at": at}
    session.add(AttemptRow(**attempt, timings={"1.2.3": dict(stages)}))
    report = ReportRow(
        analysis_id=analysis.id,
        scan_id=scan,
        institution=institution,
        model_card="card",
        verdict=verdict,
        body={},
        created_at=at,
    )
    session.add(report)
    await session.flush()
    return report.id


async def test_statistics_of_a_day(database: Database) -> None:
    async with database.transaction() as session:
        first = await ended(session, "north", "normal", hours_ago=0, took_s=1.0, stages={"decode": 0.1, "fusion": 0.01})
        await ended(session, "north", "normal", hours_ago=0, took_s=2.0, stages={"decode": 0.3})
        await ended(session, "north", "pathology", hours_ago=2, took_s=3.0, stages={"decode": 0.2})
        await ended(session, "north", "not_analysed", hours_ago=2, took_s=4.0, stages={})
        await ended(session, "north", "pathology", hours_ago=30, took_s=100.0, stages={"decode": 9.0})
        await ended(session, "south", "pathology", hours_ago=0, took_s=100.0, stages={"decode": 9.0})
        for key, agrees in (("a", True), ("b", True), ("c", False)):
            said = {"scan_id": (await session.get_one(ReportRow, first)).scan_id, "report_version": 1}
            session.add(FeedbackRow(report_id=first, institution="north", user_key=key, agrees=agrees, **said))
    day = await over_hours(database, "north", 24)
    assert (day.analysed, day.failed, day.cancelled) == (3, 1, 0)
    assert day.verdicts == {"normal": 2, "pathology": 1, "not_analysed": 1}
    assert day.rule_out_rate == pytest.approx(2 / 3)
    assert len(day.per_hour) == 24
    assert (sum(hour.analysed for hour in day.per_hour), sum(hour.failed for hour in day.per_hour)) == (3, 1)
    assert day.per_hour[-3].failed == 1
    assert day.seconds is not None
    assert asdict(day.seconds) == pytest.approx({"p50": 2.5, "p95": 3.85})
    assert list(day.stages) == ["decode", "fusion"]
    assert asdict(day.stages["decode"]) == pytest.approx({"p50": 0.2, "p95": 0.29})
    assert day.agreement["normal"] == Agreement(agree=2, disagree=1)
    assert day.totals == {"patients": 5, "scans": 5}


async def test_statistics_without_analyses(database: Database) -> None:
    day = await over_hours(database, "nowhere", 1)
    assert (day.seconds, day.rule_out_rate, day.stages) == (None, None, {})
    assert (day.queue.queued, day.queue.oldest_queued_at, day.totals["scans"]) == (0, None, 0)


async def test_queued_analyses_are_counted_by_institution(database: Database) -> None:
    async with database.transaction() as session:
        for institution in ("waiting", "waiting", "elsewhere"):
            scan = await new_scan(session, institution=institution)
            session.add(AnalysisRow(scan_id=scan, institution=institution, requested_by="local"))
    queue = (await over_hours(database, "waiting", 1)).queue
    assert (queue.queued, queue.running) == (2, 0)
    assert queue.oldest_queued_at is not None
