"""Admission to the 3D expert, apart from that of the slices: a study takes seconds there, not tenths of a second.

Studies give their slices back before they wait here, so that those which the expert is not asked about overtake them;
`Admission` counts them in the expected wait until they are reported. When every place is taken, an upload keeps its
slices until one is free or its time is over: then the whole service slows down, instead of taking on more than it can
finish.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from gateway.inference.engine import Deadline
from screening.errors import EngineDeadline


class ExpertAdmission:
    """At most `at_once` studies are looked at; `waiting` further uploads have a place. Both in order of arrival.

    Both waits raise EngineDeadline when the time is over before their block begins.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._places = asyncio.Semaphore(at_once + waiting)
        self._turns = asyncio.Semaphore(at_once)

    def place(self, deadline: Deadline) -> AbstractAsyncContextManager[None]:
        """Wait, and have a place for one upload in the block."""
        return _held(self._places, deadline)

    def turn(self, deadline: Deadline) -> AbstractAsyncContextManager[None]:
        """Wait, and look at one study in the block."""
        return _held(self._turns, deadline)


@asynccontextmanager
async def _held(semaphore: asyncio.Semaphore, deadline: Deadline) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(deadline.left_s()):
            await semaphore.acquire()
    except TimeoutError:
        raise EngineDeadline("the time for this study ran out while it waited for the 3D expert") from None
    try:
        yield
    finally:
        semaphore.release()
