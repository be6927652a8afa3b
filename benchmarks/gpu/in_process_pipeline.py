"""The gateway's screening pipeline on networks in this process, with decode workers on all cores."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gpu.in_process_engine import InProcessEngine
from benchmarks.gpu.networks import open_network
from benchmarks.gpu.providers import Provider
from benchmarks.gpu.setting import Setting, graphs_of
from gateway.inference.admission import Admission
from gateway.inference.expert_admission import ExpertAdmission
from gateway.screening.decode_workers import DecodePool
from gateway.screening.pipeline import ScreeningPipeline, Upload
from gateway.settings.settings import Settings
from gateway.telemetry.metrics import Metrics
from screening.intake.budgets import Budgets
from screening.results.report import Report

UNLIMITED = 10**6  # the parts send as much as they want to measure; nothing is refused


@asynccontextmanager
async def in_process_pipeline(setting: Setting, provider: Provider) -> AsyncIterator[ScreeningPipeline]:
    """A pipeline with the model card of the provider's repository; raises CannotRun."""
    card, cores = setting.card(provider), len(os.sched_getaffinity(0))
    networks = {model: open_network(setting, provider, graph) for model, graph in graphs_of(setting, provider).items()}
    engine, limits = InProcessEngine(card.contract, networks), Settings()
    decode = DecodePool(cores, limits.decode_timeout_s, limits.decode_memory_bytes)
    try:
        yield ScreeningPipeline(
            decode,
            engine,
            Admission(UNLIMITED, UNLIMITED),
            ExpertAdmission(cores, UNLIMITED),
            card,
            Budgets(),
            Metrics(),
            limits.deadline_s,
        )
    finally:
        decode.close()
        await engine.close()


async def report_of(pipeline: ScreeningPipeline, path: Path) -> Report:
    """The report of the first study of an upload."""
    with TemporaryDirectory(prefix="turnstile-gpu-") as scratch:
        return (await pipeline.reports(Upload(path, path.name, Path(scratch))))[0]
