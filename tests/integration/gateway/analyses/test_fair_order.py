"""Whose analysis is claimed next, on a real PostgreSQL: the rule of the fair queue, and its bound."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import delete, func, select, text, update

from gateway.analyses.job_leases import JobLeases
from gateway.analyses.store import analyses, fair_order
from gateway.database.connection import Database
from gateway.database.tables import AnalysisRow, ScanRow, ServedPartyRow
from gateway.fairness.party import Party
from gateway.telemetry.metrics import Metrics
from screening.errors import EngineUnavailable
from tests.integration.gateway.analyses.rows import new_scan
from tests.unit.gateway.fairness.arrivals import PARTIES, WEIGHTS, Arrival, Waited, check_bound

ALPHA, COLLEAGUE, _, BETA, GAMMA, _ = PARTIES


@pytest_asyncio.fixture
async def empty(database: Database) -> AsyncIterator[Database]:
    """The module's database without scans, jobs and turns."""
    async with database.transaction() as session:
        for statement in ("DELETE FROM scans", "DELETE FROM analysis_turns", "DELETE FROM procrastinate_jobs"):
            await session.execute(text(statement))
    yield database


@pytest.fixture
def leases(empty: Database) -> JobLeases:
    return JobLeases(empty, Metrics(), "worker-a", WEIGHTS)


async def request(database: Database, party: Party, *, urgent: bool = False) -> AnalysisRow:
    async with database.transaction() as session:
        scan = await new_scan(session, institution=party.institution)
        made = await analyses.request(session, party.institution, scan, party.principal, urgent=urgent)
    assert made is not None
    return made


async def claimed(leases: JobLeases) -> UUID:
    lease = await leases.claim_next("card-1")
    assert lease is not None
    return lease.analysis_id


async def test_one_urgent_scan_after_sixty_of_another_institution_is_next(leases: JobLeases, empty: Database) -> None:
    async with empty.transaction() as session:
        for _ in range(60):
            scan = await new_scan(session, institution=ALPHA.institution)
            await analyses.request(session, ALPHA.institution, scan, ALPHA.principal, urgent=True)
    await claimed(leases)
    one = await request(empty, BETA, urgent=True)
    async with empty.transaction() as session:
        assert await fair_order.ahead_of(session, one, {}) == 1
    assert await claimed(leases) == one.id


async def test_any_mix_of_arrivals_waits_for_a_bounded_number_of_turns(leases: JobLeases, empty: Database) -> None:
    drawn = random.Random(31)
    taken: list[Arrival] = []
    waiting: dict[UUID, tuple[Arrival, int, int]] = {}

    async def take() -> None:
        analysis_id = await claimed(leases)
        arrival, own_before, at = waiting.pop(analysis_id)
        check_bound(Waited(arrival, own_before, taken[at:]))
        taken.append(arrival)

    for number in range(45):
        if waiting and drawn.random() < 0.4:
            await take()
            continue
        party, urgent = drawn.choices(PARTIES, [10, 2, 1, 1, 4, 1])[0], drawn.random() < 0.5
        own = sum(one.party == party and one.urgent == urgent for one, _, _ in waiting.values())
        made = await request(empty, party, urgent=urgent)
        waiting[made.id] = Arrival(party, urgent, number), own, len(taken)
    while waiting:
        await take()
    assert await leases.claim_next("card-1") is None


async def test_workers_at_once_claim_each_analysis_once_and_do_not_wait_for_each_other(
    leases: JobLeases, empty: Database
) -> None:
    made = [(await request(empty, party)).id for party in (ALPHA, BETA) for _ in range(4)]
    async with empty.transaction() as session:  # a slow claim: its scan is locked until this transaction ends
        slow = await fair_order.next_analysis(session, WEIGHTS)
        taken = await asyncio.wait_for(asyncio.gather(*(claimed(leases) for _ in range(7))), 60)
    assert sorted([*taken, slow], key=str) == sorted(made, key=str)


async def test_weights_are_turns_in_each_round(leases: JobLeases, empty: Database) -> None:
    for _ in range(6):
        for party in (BETA, GAMMA):
            await request(empty, party)
    served = Counter([(await leases.claim_next("card-1")).institution for _ in range(8)])  # type: ignore[union-attr]
    assert served == {GAMMA.institution: 6, BETA.institution: 2}


async def test_deleting_an_analysed_scan_does_not_give_the_turn_back(leases: JobLeases, empty: Database) -> None:
    for _ in range(3):
        await request(empty, ALPHA)
        await request(empty, BETA)
    first = await leases.claim_next("card-1")
    assert first is not None
    async with empty.transaction() as session:
        await session.execute(delete(ScanRow).where(ScanRow.id == first.scan_id))
    second = await leases.claim_next("card-1")
    assert second is not None
    assert second.institution != first.institution


async def test_a_paused_analysis_is_claimed_when_its_pause_is_over(leases: JobLeases, empty: Database) -> None:
    paused = await request(empty, ALPHA)
    lease = await leases.claim_next("card-1")
    assert lease is not None
    assert await leases.retry(lease, EngineUnavailable("away"))
    assert await leases.claim_next("card-1") is None
    other = await request(empty, ALPHA)
    assert await claimed(leases) == other.id
    async with empty.transaction() as session:
        await session.execute(update(AnalysisRow).values(paused_until=func.now()))
    assert await claimed(leases) == paused.id


async def test_missing_jobs_are_enqueued_and_no_more(leases: JobLeases, empty: Database) -> None:
    for _ in range(3):
        await request(empty, ALPHA)
    async with empty.transaction() as session:
        await session.execute(
            text("DELETE FROM procrastinate_jobs WHERE id IN (SELECT id FROM procrastinate_jobs LIMIT 2)")
        )
    for _ in range(2):
        await leases.requeue_missing_jobs(60.0)
        async with empty.transaction() as session:
            assert await session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")) == 3


async def test_old_turns_are_deleted(leases: JobLeases, empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_order, "KEPT", 2)
    for _ in range(5):
        await request(empty, ALPHA)
        await claimed(leases)
    await leases.delete_old_turns()
    async with empty.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(ServedPartyRow)) == 2


async def test_a_claim_reads_a_few_rows_of_an_index_however_long_the_queue_is(empty: Database) -> None:
    """No node of the plan reads the queue: 3,000 wait here, of two institutions."""
    async with empty.transaction() as session:
        scan = await new_scan(session)
        await session.execute(text("DROP INDEX uq_analyses_unfinished"))
        await session.execute(
            text(
                "INSERT INTO analyses (id, scan_id, institution, requested_by)"
                " SELECT gen_random_uuid(), :scan, 'i' || n % 2, 'p' FROM generate_series(1, 3000) AS n"
            ),
            {"scan": scan},
        )
        await session.execute(text("ANALYZE analyses"))
        explained = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {fair_order.NEXT.text}")
        criteria = {"weights": "{}", "in_a_row": 8}
        ((plan,),) = (await session.execute(explained, criteria)).all()
        await session.rollback()
    assert max(_rows_read(plan[0]["Plan"])) < 50


def _rows_read(node: dict) -> list[float]:  # type: ignore[type-arg]
    own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return [own, *(rows for child in node.get("Plans", ()) for rows in _rows_read(child))]
