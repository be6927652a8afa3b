"""Runs tasks on many files, a bounded number at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from itertools import islice
from typing import Any, Final

AT_ONCE: Final = 8  # each waits for the disk or the network, and hashes in a thread
OnProgress = Callable[[int, int], None]


def no_progress(_done: int, _total: int) -> None:
    """Ignores the progress."""


async def run_bounded(
    tasks: Iterable[Coroutine[Any, Any, None]], total: int, on_progress: OnProgress = no_progress
) -> None:
    """Run all tasks; the first error is raised when the other tasks of its batch have ended."""
    waiting, done = iter(tasks), 0
    while batch := list(islice(waiting, AT_ONCE)):
        for outcome in await asyncio.gather(*batch, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        done += len(batch)
        on_progress(done, total)
