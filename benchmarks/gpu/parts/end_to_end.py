"""End to end in this process: studies a second from the uploaded file to the report, decoding on all cores.

No HTTP, no database, no Triton: reading, preparing, networks and report, as `turnstile screen` does them.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from time import perf_counter

from benchmarks.gpu.in_process_pipeline import in_process_pipeline, report_of
from benchmarks.gpu.providers import Provider
from benchmarks.gpu.rows import Row
from benchmarks.gpu.setting import Setting
from gateway.screening.pipeline import ScreeningPipeline

SECONDS, SHORT_SECONDS = 10.0, 3.0


async def end_to_end(setting: Setting, provider: Provider) -> AsyncIterator[Row]:
    """One row a number of studies at once: one, and two for each core."""
    cores = len(os.sched_getaffinity(0))
    async with in_process_pipeline(setting, provider) as pipeline:
        for path in setting.uploads:
            await report_of(pipeline, path)  # workers start, and CUDA chooses its algorithms
        for at_once in (1, 2 * cores):
            yield {"at_once": at_once, "cores": cores, **await _measured(setting, pipeline, at_once)}


async def _measured(setting: Setting, pipeline: ScreeningPipeline, at_once: int) -> Row:
    start = perf_counter()
    until = start + (SHORT_SECONDS if setting.short else SECONDS)
    senders = [_sender(setting, pipeline, first, until) for first in range(at_once)]
    latencies = sorted(itertools.chain.from_iterable(await asyncio.gather(*senders)))
    elapsed_s = perf_counter() - start
    return {
        "studies": len(latencies),
        "seconds": elapsed_s,
        "per_s": len(latencies) / elapsed_s,
        "p50_s": latencies[len(latencies) // 2],
        "p95_s": latencies[int(0.95 * (len(latencies) - 1))],
    }


async def _sender(setting: Setting, pipeline: ScreeningPipeline, first: int, until: float) -> list[float]:
    """Studies one after another until the time is over; a study that fails ends the part."""
    latencies: list[float] = []
    for number in itertools.count(first):
        start = perf_counter()
        if latencies and start >= until:
            return latencies
        report = await report_of(pipeline, setting.uploads[number % len(setting.uploads)])
        if report.error is not None:
            raise RuntimeError(f"a study failed: {report.error.code}")
        latencies.append(perf_counter() - start)
    raise AssertionError("unreachable: the count never ends")
