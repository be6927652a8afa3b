"""Waiting for what another process or task does."""

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 60.0
PAUSE_S = 0.05
SHARE_PAUSED = 0.1  # of the time waited so far: who asks all the time takes it from the process that is waited for


def until(true: Callable[[], bool], patience_s: float = PATIENCE_S, why_not: Callable[[], str] = str) -> None:
    """Wait for a condition; fail, with what `why_not` tells, when it does not come."""
    start_s = time.monotonic()
    while not true():
        waited_s = time.monotonic() - start_s
        assert waited_s < patience_s, f"it did not come true in time\n{why_not()}"
        time.sleep(max(PAUSE_S, SHARE_PAUSED * waited_s))


async def until_soon(true: Callable[[], bool]) -> None:
    """The same, while the other tasks of this loop go on."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  what is waited for happens in other processes
            await asyncio.sleep(PAUSE_S)
