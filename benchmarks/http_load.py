"""Throughput and latency of `POST /inference/predict`."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np


@dataclass(frozen=True)
class Load:
    """One level of concurrency, measured."""

    concurrency: int
    studies_per_minute: float
    latencies_s: tuple[float, ...]
    stages_s: dict[str, float]
    reports: frozenset[str]  # distinct reports without times: one study must have one

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.latencies_s, share))


async def post_studies(url: str, upload: bytes, concurrency: int, studies: int) -> Load:
    """Post one upload `studies` times, `concurrency` at once; any answer but 200 stops the run."""
    waiting = iter(range(studies))
    latencies: list[float] = []
    stages: dict[str, list[float]] = {}
    reports: set[str] = set()

    async def client(session: httpx.AsyncClient) -> None:
        for _ in waiting:
            start = time.perf_counter()
            report = await post_study(session, url, upload)
            latencies.append(time.perf_counter() - start)
            for stage, seconds in report["timings_s"].items():
                stages.setdefault(stage, []).append(seconds)
            reports.add(without_times(report))

    async with httpx.AsyncClient(timeout=120) as session:
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(client(session))
        seconds = time.perf_counter() - start
    medians = {stage: float(np.median(times)) for stage, times in stages.items()}
    return Load(concurrency, 60.0 * studies / seconds, tuple(latencies), medians, frozenset(reports))


async def post_study(session: httpx.AsyncClient, url: str, upload: bytes) -> dict[str, Any]:
    """The full report of one upload."""
    answer = await session.post(
        f"{url}/inference/predict", params={"detail": "full"}, files={"file": ("study.zip", upload, "application/zip")}
    )
    answer.raise_for_status()
    report: dict[str, Any] = answer.json()
    return report


def without_times(report: dict[str, Any]) -> str:
    """The report without its times, as text."""
    row = {name: value for name, value in report["row"].items() if name != "time_of_processing"}
    return json.dumps({**report, "row": row, "timings_s": None}, sort_keys=True)
