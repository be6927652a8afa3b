"""The ensemble over gRPC, without the gateway: slices a request x requests at once."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.bench.context import Bench
from benchmarks.bench.results import Cell, GrpcResult, Results
from benchmarks.bench.service_under_test import Engine
from benchmarks.ensemble_load import Rate, Sender
from benchmarks.service_limit import prepared
from screening.preparation import PreparedStudy

BATCHES: Final = (1, 2, 4, 8)  # 8 is the ensemble's max_batch_size
AT_ONCE: Final = (1, 2, 4, 8)
WARM_UP_S: Final = 1.0


def measure(bench: Bench, _known: Results) -> GrpcResult:
    """Every cell for the same time, with the first study's tensors."""
    with TemporaryDirectory(prefix="turnstile-bench-") as folder:
        study = prepared(bench.uploads[0], Path(folder) / "scratch")
    each_s = bench.plan.grpc_s / (len(BATCHES) * len(AT_ONCE))
    return asyncio.run(_table(bench.served.engine, study, each_s))


async def _table(engine: Engine, study: PreparedStudy, each_s: float) -> GrpcResult:
    cells: list[Cell] = []
    for batch in BATCHES:
        sender = Sender.to(engine.url, [study], batch, secret=engine.secret)
        await sender.block(1, min(WARM_UP_S, each_s), Rate())
        cells += [await _cell(sender, batch, at_once, each_s) for at_once in AT_ONCE]
        await sender.client.close()
    return GrpcResult(cells=tuple(cells))


async def _cell(sender: Sender, batch: int, at_once: int, seconds: float) -> Cell:
    rate = Rate()
    await sender.block(at_once, seconds, rate)
    return Cell(
        batch=batch,
        concurrency=at_once,
        slices_per_s=rate.slices_per_s,
        p50_ms=rate.percentile_ms(50),
        p95_ms=rate.percentile_ms(95),
        requests=len(rate.latencies_s),
    )
