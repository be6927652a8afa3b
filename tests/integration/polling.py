"""Waiting for what another process or task does."""

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 60.0
PAUSE_S = 0.05


def until(true: Callable[[], bool], patience_s: float = PATIENCE_S, why_not: Callable[[], str] = str) -> None:
    """Wait for a condition; fail, with what `why_not` tells, when it does not come."""
    end_s = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end_s, f"it did not come true in time\n{why_not()}"
        time.sleep(PAUSE_S)


async def until_soon(true: Callable[[], bool]) -> None:
    """The same, while the other tasks of this loop go on."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  what is waited for happens in other processes
            await asyncio.sleep(PAUSE_S)
