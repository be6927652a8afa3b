"""The ensemble over gRPC, without the gateway: slices a request x requests at once."""

import asyncio
import time
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from tritonclient.grpc import aio

from benchmarks.bench.bench import Bench
from benchmarks.bench.results import Cell, GrpcResult, Results
from benchmarks.bench.serving import Engine
from benchmarks.limit import prepared
from screening.contract import ENSEMBLE
from screening.preparation import PreparedStudy

KEY_HEADER: Final = (
    "triton-grpc-protocol-turnstile-key"  # what the gateway shows its Triton (gateway/inference/triton.py)
)
UNBOUNDED: Final = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
BATCHES: Final = (1, 2, 4, 8)  # 8 is the ensemble's max_batch_size
AT_ONCE: Final = (1, 2, 4, 8)
PATIENCE_S: Final = 60.0


def measure(bench: Bench, _known: Results) -> GrpcResult:
    """Every cell for the same time, with the first study's tensors."""
    with TemporaryDirectory(prefix="turnstile-bench-") as folder:
        study = prepared(bench.uploads[0], Path(folder) / "scratch")
    each_s = bench.plan.grpc_s / (len(BATCHES) * len(AT_ONCE))
    return asyncio.run(_table(bench.served.engine, study, each_s))


async def _table(engine: Engine, study: PreparedStudy, each_s: float) -> GrpcResult:
    client = aio.InferenceServerClient(engine.url, channel_args=UNBOUNDED)
    try:
        sender = Sender(client, {KEY_HEADER: engine.secret} if engine.secret else {}, study)
        await sender.cell(BATCHES[-1], 2, min(1.0, each_s))  # warm-up
        return GrpcResult(
            cells=tuple([await sender.cell(batch, at_once, each_s) for batch in BATCHES for at_once in AT_ONCE])
        )
    finally:
        await client.close()


class Sender:
    """Sends slices of one study, no two requests alike: an answer from a cache is no measurement."""

    def __init__(self, client: aio.InferenceServerClient, headers: dict[str, str], study: PreparedStudy) -> None:
        self._client = client
        self._headers = headers
        self._study = study
        self._numbers = count()

    async def cell(self, batch: int, at_once: int, seconds: float) -> Cell:
        """`at_once` senders, each with one request of `batch` slices after the other."""
        times_s: list[float] = []
        start = time.perf_counter()

        async def sender() -> None:
            while time.perf_counter() - start < seconds:
                sent = time.perf_counter()
                await self._send(batch)
                times_s.append(time.perf_counter() - sent)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(sender())
        took_s = time.perf_counter() - start
        p50, p95 = np.quantile(times_s, [0.50, 0.95])
        return Cell(
            batch=batch,
            concurrency=at_once,
            slices_per_s=batch * len(times_s) / took_s,
            p50_ms=1000 * float(p50),
            p95_ms=1000 * float(p95),
            requests=len(times_s),
        )

    async def _send(self, batch: int) -> None:
        number = next(self._numbers)
        rows = np.arange(number, number + batch) % len(self._study.views)
        views = self._study.views[rows]
        views[:, 0, 0, 0, :4] = np.frombuffer(number.to_bytes(4, "little"), np.uint8)
        inputs = [_input("views", views), _input("lung_mask", self._study.lung_masks[rows])]
        result = await self._client.infer(ENSEMBLE, inputs, headers=self._headers, client_timeout=PATIENCE_S)
        logits = result.as_numpy("logits")
        if logits is None or len(logits) != batch:
            raise RuntimeError(f"the ensemble answered {batch} slices without as many logits")


def _input(name: str, values: np.ndarray) -> aio.InferInput:
    wire = aio.InferInput(name, list(values.shape), "UINT8")
    wire.set_data_from_numpy(values)
    return wire
