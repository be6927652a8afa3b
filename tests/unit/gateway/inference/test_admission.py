"""Admission: never over its limits, in fair turns, and nothing is lost when an upload is cancelled."""

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fairness.party import LOCAL, Party
from gateway.inference import admission as admission_module
from gateway.inference.admission import MAX_RETRY_AFTER_S, Admission
from screening.errors import EngineOverloaded

A, B, C, D = (Party(institution, "someone") for institution in "abcd")
UPLOADS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=30)


@given(uploads=UPLOADS, limit=st.integers(1, 30), waiting_limit=st.integers(0, 60))
def test_any_traffic_stays_within_both_limits_and_leaves_nothing_behind(
    uploads: list[tuple[int, int, int, bool]], limit: int, waiting_limit: int
) -> None:
    asyncio.run(_traffic(uploads, Admission(limit, waiting_limit), limit, waiting_limit))


async def _traffic(
    uploads: list[tuple[int, int, int, bool]], admission: Admission, limit: int, waiting_limit: int
) -> None:
    async def upload(slices: int, ticks: int, ticks_finishing: int) -> None:
        async with admission.hold(slices) as admitted:
            assert admission.in_flight <= limit
            for _ in range(ticks):
                await asyncio.sleep(0)
            if ticks_finishing:
                admitted.end_slices()
            for _ in range(ticks_finishing):
                await asyncio.sleep(0)
                assert admission.in_flight <= limit

    tasks = []
    for slices, ticks, ticks_finishing, cancelled in uploads:
        task = asyncio.create_task(upload(slices, ticks, ticks_finishing))
        tasks.append(task)
        await asyncio.sleep(0)
        assert admission.waiting <= waiting_limit
        if cancelled:
            task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(end is None or isinstance(end, (EngineOverloaded, asyncio.CancelledError)) for end in ends)
    assert (admission.in_flight, admission.finishing, admission.waiting) == (0, 0, 0)
    assert not admission._admitted_of
    assert not admission._uploads


async def test_an_upload_whose_slices_ended_keeps_nobody_from_starting_and_counts_in_the_expected_wait() -> None:
    """Two that finish and one to come are 3 x 10 s: above 20 s, although no slice is in flight."""
    admission = Admission(12, 1000, busy_after_s=20.0)
    admission._throughput.record(12, 10.0)
    async with admission.hold(12) as first:
        first.end_slices()
        async with admission.hold(12) as second:
            second.end_slices()
            assert (admission.in_flight, admission.finishing) == (0, 24)
            with pytest.raises(EngineOverloaded), admission.reserve(12, LOCAL):
                pass
        with admission.reserve(12, LOCAL):
            pass


async def test_uploads_of_a_party_are_admitted_in_the_order_of_arrival_even_when_a_small_one_would_fit() -> None:
    admission, order = Admission(10, 100), []
    leave = asyncio.Event()

    async def upload(name: str, slices: int) -> None:
        async with admission.hold(slices):
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


async def test_an_upload_that_does_not_fit_into_the_queue_is_refused_and_counted() -> None:
    refused = 0

    def count() -> None:
        nonlocal refused
        refused += 1

    admission = Admission(10, 0, count)
    async with admission.hold(10):
        with pytest.raises(EngineOverloaded), admission.reserve(1):
            pass
        with pytest.raises(EngineOverloaded):
            async with admission.hold(1):
                pass
    assert refused == 2
    with admission.reserve(1):
        pass


async def test_an_arriving_upload_keeps_its_reservation() -> None:
    admission = Admission(10, 20)
    with (
        admission.reserve(10, A),
        admission.reserve(10, B),
        admission.reserve(10, C),
        pytest.raises(EngineOverloaded),
        admission.reserve(1, D),
    ):
        pass
    async with admission.hold(10):
        with admission.reserve(10, A):
            waiter = asyncio.create_task(_hold_once(admission))  # it is received, and the arriving ones do not block it
            await asyncio.sleep(0)
            assert (admission.in_flight, admission.waiting, admission.arriving) == (10, 10, 10)
            with pytest.raises(EngineOverloaded), admission.reserve(1, B):
                pass
        with admission.reserve(10, B):
            pass
    await waiter
    assert (admission.in_flight, admission.waiting, admission.arriving) == (0, 0, 0)


async def test_an_upload_larger_than_the_limit_is_admitted_alone() -> None:
    admission = Admission(10, 0)
    async with admission.hold(64):
        assert admission.in_flight == 10


async def test_a_cancellation_in_the_tick_of_the_admission_releases_the_slices() -> None:
    admission = Admission(10, 100)
    waiter: asyncio.Task[None]
    async with admission.hold(10):
        waiter = asyncio.create_task(_hold_once(admission))
        await asyncio.sleep(0)
    waiter.cancel()  # it is admitted, and its task has not run yet
    with pytest.raises(asyncio.CancelledError):
        await waiter
    assert (admission.in_flight, admission.waiting) == (0, 0)


async def _hold_once(admission: Admission) -> None:
    async with admission.hold(10):
        pass


@pytest.mark.parametrize(
    ("slices_per_s", "in_flight", "waiting", "expected_s"),
    [(48.0, 96, 0, 2), (48.0, 96, 192, 6), (960.0, 96, 192, 1), (0.16, 96, 192, MAX_RETRY_AFTER_S)],
)
def test_retry_after_is_the_time_until_all_slices_have_left_at_the_measured_throughput(
    slices_per_s: float, in_flight: int, waiting: int, expected_s: int
) -> None:
    admission = Admission(96, 192)
    admission._throughput.record(slices_per_s, 1.0)
    admission.in_flight, admission.waiting = in_flight, waiting
    assert admission.retry_after_s() == expected_s


def test_retry_after_is_a_second_before_anything_was_measured() -> None:
    assert Admission(1, 1).retry_after_s() == 1


@pytest.mark.parametrize(("slices_per_s", "admitted"), [(41.0, 4), (4000.0, 25), (1.0, 3)])
async def test_as_many_are_admitted_as_are_answered_in_time(slices_per_s: float, admitted: int) -> None:
    """1.2 s are four studies at 41 slices/s; a fast engine fills a third of the places, a slow one still gets three."""
    admission = Admission(96, 804, busy_after_s=1.2, min_uploads=3)
    admission._throughput.record(slices_per_s, 1.0)
    with ExitStack() as arriving:
        for _ in range(admitted):
            arriving.enter_context(admission.reserve(12))
        with pytest.raises(EngineOverloaded), admission.reserve(12):
            pass
    assert admission.arriving == 0


async def test_before_anything_was_measured_only_the_limits_count() -> None:
    admission = Admission(24, 12, busy_after_s=0.001)
    with (
        admission.reserve(12, A),
        admission.reserve(12, B),
        admission.reserve(12, C),
        pytest.raises(EngineOverloaded),
        admission.reserve(12, D),
    ):
        pass


async def test_an_upload_on_a_slow_line_blocks_no_other_and_is_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_module, "MAX_ARRIVAL_S", 0.0)
    admission = Admission(12, 12)
    with admission.reserve(12, A), admission.reserve(12, B):
        assert admission.arriving == 24
        await asyncio.sleep(0.01)
        assert admission.arriving == 0
        with admission.reserve(12, C):
            pass
    assert admission.arriving == 0


async def test_the_throughput_is_the_slices_in_flight_over_the_time_they_took() -> None:
    admission, leave = Admission(48, 0), asyncio.Event()

    async def upload() -> None:
        async with admission.hold(12) as admitted:
            await leave.wait()
            admitted.screened = True

    start = asyncio.get_running_loop().time()
    tasks = [asyncio.create_task(upload()) for _ in range(4)]
    await asyncio.sleep(0.05)
    leave.set()
    await asyncio.gather(*tasks)
    took_s = asyncio.get_running_loop().time() - start
    throughput = admission._throughput.seconds_per_slice
    assert throughput is not None
    assert (
        0.05 / 30 <= throughput <= took_s / 30
    )  # 12, 24, 36, 48 were in flight at their starts, 48, 36, 24, 12 at their ends
