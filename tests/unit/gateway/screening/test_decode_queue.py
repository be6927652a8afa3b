"""Turns at the decode workers: nobody is kept waiting by another one's many or slow calls."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.fairness.party import Party
from gateway.screening.decode_queue import LATELY_S, SLOW_S, DecodeQueue

A1, A2, B1 = Party("a", "1"), Party("a", "2"), Party("b", "1")
PARTIES = tuple(Party(institution, principal) for institution in "abc" for principal in "12")


@dataclass
class Workers:
    """Turns under a clock of the test; `started` are the names of the calls in the order in which they began."""

    workers: int = 2
    now_s: float = 0.0
    started: list[str] = field(default_factory=list)
    tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    ends: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.queue = DecodeQueue(self.workers, lambda: self.now_s)

    async def call(self, name: str, party: Party, *, is_view: bool = False) -> None:
        """Ask for a turn, which lasts until `end`."""

        async def hold() -> None:
            async with self.queue.worker(party, is_view=is_view):
                self.started.append(name)
                await self.ends[name].wait()

        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(hold())
        await self.settle()

    async def end(self, name: str, after_s: float = 0.1) -> None:
        self.now_s += after_s
        self.ends[name].set()
        await self.tasks.pop(name)
        await self.settle()

    async def cancel(self, name: str) -> None:
        task = self.tasks.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)

    async def close(self) -> None:
        for name in list(self.tasks):
            await self.cancel(name)


async def test_one_principal_alone_has_all_workers() -> None:
    workers = Workers()
    for name in ("1", "2", "3"):
        await workers.call(name, A1)
    assert workers.started == ["1", "2"]
    await workers.close()


async def test_whoever_comes_later_has_the_next_worker_before_the_calls_that_wait() -> None:
    workers = Workers()
    for number in range(20):
        await workers.call(f"a{number}", A1)
    await workers.call("b", B1)
    await workers.call("a'", A2)
    await workers.end("a0")
    assert workers.started[2:] == ["b"]
    await workers.end("b")
    assert workers.started[3:] == ["a'"]
    await workers.close()


async def test_while_others_wait_a_principal_holds_all_workers_but_one() -> None:
    """Its own turn is longest ago, and yet the worker that becomes free is another one's."""
    workers = Workers()
    await workers.call("slow", A1)
    await workers.call("b0", B1)
    await workers.call("a", A1)
    await workers.call("b1", B1)
    await workers.end("b0")
    assert workers.started == ["slow", "b0", "b1"]
    await workers.close()


async def test_whoever_held_a_worker_for_long_leaves_the_last_one_to_those_who_were_here() -> None:
    workers = Workers()
    await workers.call("b", B1)
    await workers.end("b")
    await workers.call("bomb", A1)
    await workers.end("bomb", after_s=60.0)
    for name in ("bomb 2", "bomb 3"):
        await workers.call(name, A1)
    assert workers.started == ["b", "bomb", "bomb 2"]
    await workers.call("b 2", B1)
    assert workers.started[3:] == ["b 2"]
    await workers.close()


@pytest.mark.parametrize(("slow_s", "later_s"), [(SLOW_S / 2, 0.0), (SLOW_S * 2, LATELY_S + 1)])
async def test_whoever_is_fast_or_alone_uses_all_workers(slow_s: float, later_s: float) -> None:
    workers = Workers()
    await workers.call("b", B1)
    await workers.end("b")
    await workers.call("a", A1)
    await workers.end("a", after_s=slow_s)
    workers.now_s += later_s
    for name in ("a 2", "a 3"):
        await workers.call(name, A1)
    assert workers.started == ["b", "a", "a 2", "a 3"]
    await workers.close()


async def test_views_leave_a_worker_to_an_analysis_that_waits() -> None:
    workers = Workers()
    await workers.call("view", A1, is_view=True)
    await workers.call("analysis 1", Party("c", "1"))
    await workers.call("view 2", B1, is_view=True)
    await workers.call("analysis 2", Party("c", "1"))
    await workers.end("analysis 1")
    assert workers.started == ["view", "analysis 1", "analysis 2"]
    await workers.close()


async def test_a_cancelled_call_holds_nothing() -> None:
    workers = Workers(workers=1)
    for name, party in (("a", A1), ("b", B1), ("c", A2)):
        await workers.call(name, party)
    await workers.cancel("b")
    await workers.cancel("a")
    assert workers.started == ["a", "c"]
    await workers.close()


@settings(max_examples=60, deadline=None)
@given(
    arrivals=st.lists(st.tuples(st.sampled_from(PARTIES), st.booleans()), min_size=1, max_size=40),
    workers=st.integers(1, 4),
    data=st.data(),
)
def test_nobody_waits_for_more_than_a_turn_of_each_other_principal(
    arrivals: Sequence[tuple[Party, bool]], workers: int, data: st.DataObject
) -> None:
    asyncio.run(check_turns(arrivals, workers, data))


async def check_turns(arrivals: Sequence[tuple[Party, bool]], count: int, data: st.DataObject) -> None:
    """All ask at once; whenever one ends, the next of a principal begins within one turn of each of the others."""
    workers, of = Workers(count), {}
    for number, (party, is_view) in enumerate(arrivals):
        of[str(number)] = party
        await workers.call(str(number), party, is_view=is_view)
        assert len(workers.started) == min(count, number + 1), "no worker is idle while somebody waits"
    while len(workers.started) < len(arrivals):
        await workers.end(data.draw(st.sampled_from(sorted(set(workers.started) & workers.tasks.keys()))))
    for party in PARTIES:
        own = [place for place, name in enumerate(workers.started) if of[name] == party]
        for before, after in zip([-1, *own], own, strict=False):
            between = {of[name] for name in workers.started[before + 1 : after]}
            assert after - before - 1 <= len(PARTIES) * 2 + count, (party, between)
    await workers.close()
