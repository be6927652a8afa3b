"""The gate: never over its limit, never a queue without end, first come first served, nothing lost on cancellation."""

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inference import admission
from gateway.inference.admission import LONGEST_RETRY_S, Admission
from screening.errors import EngineOverloaded

UPLOADS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3), st.booleans()), max_size=30)


@given(uploads=UPLOADS, limit=st.integers(1, 30), waiting_limit=st.integers(0, 60))
def test_any_traffic_stays_within_both_limits_and_leaves_nothing_behind(
    uploads: list[tuple[int, int, bool]], limit: int, waiting_limit: int
) -> None:
    asyncio.run(_traffic(uploads, Admission(limit, waiting_limit), limit, waiting_limit))


async def _traffic(uploads: list[tuple[int, int, bool]], gate: Admission, limit: int, waiting_limit: int) -> None:
    async def upload(slices: int, ticks: int) -> None:
        async with gate.hold(slices):
            assert gate.in_flight <= limit
            for _ in range(ticks):
                await asyncio.sleep(0)

    tasks = []
    for slices, ticks, cancelled in uploads:
        task = asyncio.create_task(upload(slices, ticks))
        tasks.append(task)
        await asyncio.sleep(0)
        assert gate.waiting <= waiting_limit
        if cancelled:
            task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(end is None or isinstance(end, (EngineOverloaded, asyncio.CancelledError)) for end in ends)
    assert (gate.in_flight, gate.waiting) == (0, 0)


async def test_turns_are_taken_in_the_order_of_arrival_even_when_a_small_one_would_fit() -> None:
    gate, order = Admission(10, 100), []
    leave = asyncio.Event()

    async def upload(name: str, slices: int) -> None:
        async with gate.hold(slices):
            order.append(name)
            await leave.wait()

    tasks = []
    for name, slices in (("first", 6), ("large", 8), ("small", 2)):
        tasks.append(asyncio.create_task(upload(name, slices)))
        await asyncio.sleep(0)
    assert order == ["first"]
    leave.set()
    await asyncio.gather(*tasks)
    assert order == ["first", "large", "small"]


async def test_what_does_not_fit_into_the_queue_is_refused_and_counted() -> None:
    refused = 0

    def count() -> None:
        nonlocal refused
        refused += 1

    gate = Admission(10, 0, count)
    async with gate.hold(10):
        with pytest.raises(EngineOverloaded), gate.expect(1):
            pass
        with pytest.raises(EngineOverloaded):
            async with gate.hold(1):
                pass
    assert refused == 2
    with gate.expect(1):
        pass


async def test_what_still_comes_in_has_its_place() -> None:
    gate = Admission(10, 20)
    with gate.expect(10), gate.expect(10), gate.expect(10), pytest.raises(EngineOverloaded), gate.expect(1):
        pass
    async with gate.hold(10):
        with gate.expect(10):
            waiter = asyncio.create_task(_hold_once(gate))  # it has come in, and nobody who still sends is in its way
            await asyncio.sleep(0)
            assert (gate.in_flight, gate.waiting, gate.arriving) == (10, 10, 10)
            with pytest.raises(EngineOverloaded), gate.expect(1):
                pass
        with gate.expect(10):
            pass
    await waiter
    assert (gate.in_flight, gate.waiting, gate.arriving) == (0, 0, 0)


async def test_an_upload_larger_than_the_gate_passes_alone() -> None:
    gate = Admission(10, 0)
    async with gate.hold(64):
        assert gate.in_flight == 10


async def test_a_cancellation_in_the_tick_of_the_turn_gives_the_turn_back() -> None:
    gate = Admission(10, 100)
    waiter: asyncio.Task[None]
    async with gate.hold(10):
        waiter = asyncio.create_task(_hold_once(gate))
        await asyncio.sleep(0)
    waiter.cancel()  # its turn is set, its task has not run yet
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert (gate.in_flight, gate.waiting) == (0, 0)


async def _hold_once(gate: Admission) -> None:
    async with gate.hold(10):
        pass


@pytest.mark.parametrize(
    ("slices_per_s", "in_flight", "waiting", "expected_s"),
    [(48.0, 96, 0, 2), (48.0, 96, 192, 6), (960.0, 96, 192, 1), (0.16, 96, 192, LONGEST_RETRY_S)],
)
def test_retry_after_is_the_time_to_empty_the_house_at_the_measured_pace(
    slices_per_s: float, in_flight: int, waiting: int, expected_s: int
) -> None:
    gate = Admission(96, 192)
    gate._pace.left(slices_per_s, 1.0)
    gate.in_flight, gate.waiting = in_flight, waiting
    assert gate.retry_after_s() == expected_s


def test_retry_after_is_a_second_before_anything_was_measured() -> None:
    assert Admission(1, 1).retry_after_s() == 1


@pytest.mark.parametrize(("slices_per_s", "let_in"), [(41.0, 4), (400.0, 24), (1.0, 3)])
async def test_as_many_are_let_in_as_are_answered_in_time(slices_per_s: float, let_in: int) -> None:
    """1.2 s are four studies at 41 slices/s; a fast engine has its whole house, a slow one three all the same."""
    gate = Admission(96, 192, busy_after_s=1.2, always=3)
    gate._pace.left(slices_per_s, 1.0)
    with ExitStack() as arriving:
        for _ in range(let_in):
            arriving.enter_context(gate.expect(12))
        with pytest.raises(EngineOverloaded), gate.expect(12):
            pass
    assert gate.arriving == 0


async def test_before_anything_was_measured_the_whole_house_is_open() -> None:
    gate = Admission(24, 12, busy_after_s=0.001)
    with gate.expect(12), gate.expect(12), gate.expect(12), pytest.raises(EngineOverloaded), gate.expect(12):
        pass


async def test_an_upload_on_a_slow_line_keeps_nobody_out_and_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "ON_ITS_WAY_S", 0.0)
    gate = Admission(12, 12)
    with gate.expect(12), gate.expect(12):
        assert gate.arriving == 24
        await asyncio.sleep(0.01)
        assert gate.arriving == 0
        with gate.expect(12):
            pass
    assert gate.arriving == 0


async def test_the_pace_is_what_was_in_work_over_the_time_it_took() -> None:
    gate, leave = Admission(100, 0), asyncio.Event()

    async def upload() -> None:
        async with gate.hold(12):
            await leave.wait()

    start = asyncio.get_running_loop().time()
    tasks = [asyncio.create_task(upload()) for _ in range(4)]
    await asyncio.sleep(0.05)
    leave.set()
    await asyncio.gather(*tasks)
    took_s = asyncio.get_running_loop().time() - start
    pace = gate._pace.seconds_a_slice
    assert pace is not None
    assert 0.05 / 30 <= pace <= took_s / 30  # 12, 24, 36, 48 were in work as they came, 48, 36, 24, 12 as they left
