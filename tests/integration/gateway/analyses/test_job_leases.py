"""Job leases on a real PostgreSQL: claimed by one worker, lost when expired, completed with exactly one report."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
import time_machine
from sqlalchemy import Interval, delete, func, select, text, type_coerce, update

from gateway.analyses.job_leases import JobLeases, StopReason
from gateway.analyses.retry_policy import JITTER, MAX_WORKERS_LOST, PAUSES_S
from gateway.analyses.store import analyses, attempts, fair_order
from gateway.database.connection import Database
from gateway.database.tables import AnalysisRow, AttemptRow, ReportRow, ScanRow
from gateway.errors import StorageFull
from gateway.screening.progress import Progress, Stage
from gateway.telemetry.metrics import Metrics
from screening.errors import EngineUnavailable, NoLung
from screening.results.report import Report
from tests.integration.gateway.analyses.rows import INSTITUTION, claim, new_scan

FAILED = (Report.failed("study.zip", NoLung("no lung was found"), 0.1),)


@pytest.fixture
def leases(database: Database) -> JobLeases:
    return JobLeases(database, Metrics(), "worker-a")


@pytest.fixture
def others(database: Database) -> JobLeases:
    return JobLeases(database, Metrics(), "worker-b")


@pytest_asyncio.fixture
async def scan(database: Database) -> UUID:
    async with database.transaction() as session:
        return await new_scan(session)


async def requested(database: Database, scan: UUID, *, urgent: bool = False) -> AnalysisRow:
    async with database.transaction() as session:
        analysis = await analyses.request(session, INSTITUTION, scan, "local", urgent=urgent)
        assert analysis is not None
        return analysis


async def state_of(database: Database, analysis_id: UUID) -> AnalysisRow:
    async with database.transaction() as session:
        return (await session.scalars(select(AnalysisRow).where(AnalysisRow.id == analysis_id))).one()


async def jobs_of(database: Database, analysis_id: UUID) -> list[int]:
    """The priorities of the queued jobs of this analysis."""
    query = "SELECT priority FROM procrastinate_jobs WHERE args ->> 'analysis_id' = :id AND status = 'todo' ORDER BY id"
    async with database.transaction() as session:
        return list(await session.scalars(text(query), {"id": str(analysis_id)}))


async def reports_of(database: Database, scan: UUID) -> list[ReportRow]:
    async with database.transaction() as session:
        return list(await session.scalars(select(ReportRow).where(ReportRow.scan_id == scan)))


async def test_a_request_and_its_job_are_one_transaction(database: Database, scan: UUID) -> None:
    async with database.transaction() as session:
        undone = await analyses.request(session, INSTITUTION, scan, "local", urgent=False)
        assert undone is not None
        await session.rollback()
    assert await jobs_of(database, undone.id) == []
    assert await jobs_of(database, (await requested(database, scan)).id) == [0]


async def test_requests_at_once_make_one_analysis(database: Database, scan: UUID) -> None:
    made = await asyncio.gather(*(requested(database, scan) for _ in range(8)))
    assert len({analysis.id for analysis in made}) == 1
    assert await jobs_of(database, made[0].id) == [0]


async def test_a_queued_analysis_can_be_made_urgent(database: Database, scan: UUID) -> None:
    first = await requested(database, scan)
    again = await requested(database, scan, urgent=True)
    assert (again.id, again.urgent) == (first.id, True)
    assert await jobs_of(database, first.id) == [0, 10]


async def test_a_scan_of_another_institution_is_not_found(database: Database, scan: UUID) -> None:
    async with database.transaction() as session:
        assert await analyses.request(session, "elsewhere", scan, "local", urgent=False) is None
        assert await analyses.request(session, INSTITUTION, uuid4(), "local", urgent=False) is None
        assert await analyses.newest(session, "elsewhere", scan) is None


async def test_one_worker_gets_the_lease(database: Database, scan: UUID, leases: JobLeases, others: JobLeases) -> None:
    analysis = await requested(database, scan)
    claimed = await asyncio.gather(*(claim(each, analysis.id) for each in [leases, others] * 4))
    assert len([lease for lease in claimed if lease]) == 1
    assert (await state_of(database, analysis.id)).state == "running"


async def test_a_worker_without_the_lease_changes_nothing(
    database: Database, scan: UUID, leases: JobLeases, others: JobLeases
) -> None:
    analysis = await requested(database, scan)
    late = await claim(leases, analysis.id)
    assert late is not None
    await leases.end_expired(late, cancelled=False)
    lease = await claim(others, analysis.id, "card-2")
    assert lease is not None
    before = await state_of(database, analysis.id)
    assert await leases.heartbeat(late, Progress(Stage.NETWORKS, 6, 12)) is StopReason.LOST
    assert not await leases.complete(late, FAILED, None, Progress())
    await leases.cancel(late)
    await leases.release(late)
    after = await state_of(database, analysis.id)
    assert (after.state, after.attempt, after.stage, after.model_card) == ("running", 2, None, "card-2")
    assert after.attempt == before.attempt
    assert await reports_of(database, scan) == []
    assert await others.complete(lease, FAILED, None, Progress())
    assert len(await reports_of(database, scan)) == 1


async def test_a_report_comes_with_its_state_and_the_scans_row(
    database: Database, scan: UUID, leases: JobLeases
) -> None:
    analysis = await requested(database, scan)
    lease = await claim(leases, analysis.id)
    assert lease is not None
    assert await leases.complete(lease, FAILED, None, Progress())
    assert not await leases.complete(lease, FAILED, None, Progress())
    wait_until_ended = await state_of(database, analysis.id)
    assert (wait_until_ended.state, wait_until_ended.error) == ("failed", "no_lung")
    (report,) = await reports_of(database, scan)
    assert (report.verdict, report.probability, report.model_card) == ("not_analysed", None, "card-1")
    assert report.body["rows"][0]["processing_status"] == "Failure"
    async with database.transaction() as session:
        row = (await session.scalars(select(ScanRow).where(ScanRow.id == scan))).one()
    assert (row.status, row.verdict, row.error, row.analysis_id) == ("failed", "not_analysed", "no_lung", analysis.id)


async def test_a_repeated_completion_changes_nothing(database: Database, scan: UUID, leases: JobLeases) -> None:
    lease = await claim(leases, (await requested(database, scan)).id)
    assert lease is not None
    assert await leases.complete(lease, FAILED, "analyses/key", Progress())
    assert not await leases.complete(lease, FAILED, "analyses/key", Progress())
    assert await leases.has_report_with_evidence("analyses/key"), "else its evidence is deleted"
    assert not await leases.has_report_with_evidence("analyses/another")
    assert len(await reports_of(database, scan)) == 1


async def test_a_queued_analysis_is_cancelled_at_once(database: Database, scan: UUID, leases: JobLeases) -> None:
    analysis = await requested(database, scan)
    async with database.transaction() as session:
        cancelled = await analyses.cancel(session, INSTITUTION, scan)
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    assert await claim(leases, analysis.id) is None
    assert (await requested(database, scan)).id != analysis.id


async def test_a_running_analysis_is_stopped(database: Database, scan: UUID, leases: JobLeases) -> None:
    analysis = await requested(database, scan)
    lease = await claim(leases, analysis.id)
    assert lease is not None
    assert await leases.heartbeat(lease, None) is None
    async with database.transaction() as session:
        await analyses.cancel(session, INSTITUTION, scan)
    assert await leases.heartbeat(lease, None) is StopReason.CANCELLED
    await leases.cancel(lease)
    assert (await state_of(database, analysis.id)).state == "cancelled"
    assert await reports_of(database, scan) == []


async def test_a_transient_error_is_retried_until_it_came_too_often(
    database: Database, scan: UUID, leases: JobLeases
) -> None:
    analysis = await requested(database, scan)
    unavailable, tries = EngineUnavailable("away"), 0
    while True:
        lease = await claim(leases, analysis.id)
        assert lease is not None
        tries += 1
        if not await leases.retry(lease, unavailable):
            break
        assert (await state_of(database, analysis.id)).state == "queued"
    assert tries == 7
    assert (await state_of(database, analysis.id)).state == "running", "the last attempt writes the report"
    assert not await leases.retry(lease, NoLung("no lung"))


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_pause_is_as_long_on_a_worker_with_a_wrong_clock(
    database: Database, scan: UUID, leases: JobLeases, hours: int
) -> None:
    lease = await claim(leases, (await requested(database, scan)).id)
    assert lease is not None
    with time_machine.travel(timedelta(hours=hours), tick=True):
        assert await leases.retry(lease, EngineUnavailable("away"))
    async with database.transaction() as session:
        pause = type_coerce(AnalysisRow.paused_until - func.now(), Interval)
        left = await session.scalar(select(pause).where(AnalysisRow.id == lease.analysis_id))
    assert left is not None
    assert timedelta(0) < left < timedelta(seconds=PAUSES_S[0] * (1 + JITTER))


async def test_a_study_that_crashes_its_workers_fails_with_its_own_error_code(
    database: Database, scan: UUID, leases: JobLeases
) -> None:
    analysis = await requested(database, scan)
    for _ in range(MAX_WORKERS_LOST + 1):
        lease = await claim(leases, analysis.id)
        assert lease is not None
        await leases.end_expired(lease, cancelled=False)
    wait_until_ended = await state_of(database, analysis.id)
    assert (wait_until_ended.state, wait_until_ended.error) == ("failed", "analysis_crashed")
    (report,) = await reports_of(database, scan)
    assert report.verdict == "not_analysed"
    async with database.transaction() as session:
        assert await attempts.past_errors(session, analysis.id) == ["worker_lost"] * MAX_WORKERS_LOST + [
            "analysis_crashed"
        ]


async def test_only_leases_without_heartbeats_expire(database: Database, scan: UUID, leases: JobLeases) -> None:
    analysis = await requested(database, scan)
    lease = await claim(leases, analysis.id)
    assert lease is not None
    assert lease not in [each for each, _ in await leases.expired(60.0)]
    async with database.transaction() as session:
        an_hour_ago = func.now() - text("interval '1 hour'")
        await session.execute(update(AttemptRow).values(heartbeat_at=an_hour_ago))
        await session.execute(text("SELECT pg_sleep(1.1)"))
    silent = [each for each, _ in await leases.expired(1.0)]
    assert [each.analysis_id for each in silent if each.scan_id == scan] == [analysis.id]


async def test_a_lost_job_is_enqueued_again(database: Database, scan: UUID, leases: JobLeases) -> None:
    analysis = await requested(database, scan)
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    await leases.requeue_missing_jobs(60.0)
    await leases.requeue_missing_jobs(60.0)
    assert await jobs_of(database, analysis.id) == [0]


async def test_nothing_is_written_of_a_scan_that_was_deleted(database: Database, scan: UUID, leases: JobLeases) -> None:
    lease = await claim(leases, (await requested(database, scan)).id)
    assert lease is not None
    async with database.transaction() as session:
        await session.execute(delete(ScanRow).where(ScanRow.id == scan))
    assert await leases.heartbeat(lease, Progress()) is StopReason.LOST
    assert not await leases.complete(lease, FAILED, None, Progress())
    async with database.transaction() as session:
        for table in (AnalysisRow, ReportRow):
            assert not (await session.scalars(select(table).where(table.scan_id == scan))).all()


@pytest.mark.parametrize("_round", range(10))
async def test_a_deletion_and_a_report_at_once_do_not_deadlock(
    database: Database, scan: UUID, leases: JobLeases, _round: int
) -> None:
    lease = await claim(leases, (await requested(database, scan)).id)
    assert lease is not None

    async def deleted() -> None:
        async with database.transaction() as session:
            await session.execute(delete(ScanRow).where(ScanRow.id == scan))

    await asyncio.gather(
        leases.heartbeat(lease, Progress()), deleted(), leases.complete(lease, FAILED, None, Progress())
    )
    assert await reports_of(database, scan) == []


async def test_queue_position(database: Database, leases: JobLeases) -> None:
    async with database.transaction() as session:
        await session.execute(delete(ScanRow))
        scans = [await new_scan(session) for _ in range(3)]
    first = await requested(database, scans[0])
    second = await requested(database, scans[1])
    urgent = await requested(database, scans[2], urgent=True)
    async with database.transaction() as session:
        assert [await fair_order.ahead_of(session, one, {}) for one in (first, second, urgent)] == [1, 2, 0]
    await leases.update_metrics()
    exposition = leases.metrics.exposition().decode()
    assert 'turnstile_analyses{state="queued"} 3.0' in exposition


async def test_a_full_disk_is_waited_for_however_often(database: Database, scan: UUID, leases: JobLeases) -> None:
    analysis = await requested(database, scan)
    for _ in range(10):
        lease = await claim(leases, analysis.id)
        assert lease is not None
        await leases.wait_for_space(lease, StorageFull("full"))
        assert (await state_of(database, analysis.id)).state == "queued"
    lease = await claim(leases, analysis.id)
    assert lease is not None
    assert await leases.retry(lease, EngineUnavailable("away")), "a full disk takes none of the attempts"
