"""The same work on many slices, on several cores: one who waits for a single study waits half as long.

Decoders, OpenCV and NumPy let other threads run while they compute. Where all cores are busy with other studies, the
threads only take turns: the CPU time of a study stays the same.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS: Final = min(4, len(os.sched_getaffinity(0)))  # the interpreter's own part, about a third, runs on one core


def over_slices(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results in the order of the items; raises the error of the first item in order that has one."""
    if min(THREADS, len(items)) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(THREADS, len(items)), thread_name_prefix="slices") as pool:
        return list(pool.map(function, items))
