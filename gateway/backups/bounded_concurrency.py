"""Work on many files, some at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from itertools import islice
from typing import Any, Final

AT_ONCE: Final = 8  # each waits for the disk or the network, and hashes in a thread
OnFile = Callable[[int, int], None]


def untold(_done: int, _of: int) -> None:
    """For those who follow no progress."""


async def some_at_once(works: Iterable[Coroutine[Any, Any, None]], of: int, on_file: OnFile = untold) -> None:
    """Do every work; the first that fails ends it all, once its neighbours have ended."""
    waiting, done = iter(works), 0
    while some := list(islice(waiting, AT_ONCE)):
        for outcome in await asyncio.gather(*some, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        done += len(some)
        on_file(done, of)
