"""Concurrent calls with one key share a run, and a run without callers is cancelled."""

import asyncio

import pytest

from gateway.viewing.single_flight import SingleFlight


class Work:
    """Counts how often it is started and how often it is cancelled."""

    def __init__(self) -> None:
        self.begun = self.cancelled = 0
        self.go_on = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.begun


async def test_concurrent_calls_share_one_run() -> None:
    flights, work = SingleFlight[int](), Work()
    waiting = [asyncio.create_task(flights.run("a", work)) for _ in range(5)]
    other = asyncio.create_task(flights.run("b", Work()))
    await asyncio.sleep(0)
    work.go_on.set()
    assert await asyncio.gather(*waiting) == [1] * 5
    assert not other.done()
    other.cancel()
    assert await flights.run("a", work) == 2  # results are not cached


async def test_all_callers_get_the_error() -> None:
    flights = SingleFlight[int]()

    async def fails() -> int:
        await asyncio.sleep(0)
        raise LookupError

    results = await asyncio.gather(*[flights.run("a", fails) for _ in range(3)], return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3


async def test_a_cancelled_caller_does_not_cancel_the_others() -> None:
    flights, work = SingleFlight[int](), Work()
    first, second = (asyncio.create_task(flights.run("a", work)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    work.go_on.set()
    assert await second == 1
    assert (work.begun, work.cancelled) == (1, 0)


async def test_a_run_without_callers_is_cancelled_and_started_again_later() -> None:
    flights, work = SingleFlight[int](), Work()
    only = asyncio.create_task(flights.run("a", work))
    await asyncio.sleep(0.01)
    only.cancel()
    with pytest.raises(asyncio.CancelledError):
        await only
    await asyncio.sleep(0.01)
    assert work.cancelled == 1
    work.go_on.set()
    assert await flights.run("a", work) == 2
