"""The composition root: the one place that knows every part and how they fit."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from fastapi import FastAPI

from engines.triton import TritonServer
from gateway.api.errors import handle_errors
from gateway.api.health import health_router
from gateway.api.inference import inference_router
from gateway.api.request_id import RequestLog
from gateway.decoding import DecodePool
from gateway.inference.admission import Admission
from gateway.inference.triton import TritonEngine
from gateway.metrics import Metrics
from gateway.repository import verified_card
from gateway.services.analysis import Analysis
from gateway.settings import Settings
from screening.model_card import ModelCard

log = structlog.get_logger(__name__)

DESCRIPTION = """
Screens chest CT: lets normal studies through and brings suspicious ones to the radiologist first.
**It is no medical device.** Every error answers as {error, detail, request_id}; no error ever reads as normal.
"""


@dataclass(frozen=True)
class Services:
    """Everything that runs, made from the settings; shared by the API and the command line."""

    settings: Settings
    card: ModelCard
    engine: TritonEngine
    triton_url: str
    admission: Admission
    metrics: Metrics
    analysis: Analysis


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Verify the model card, start Triton unless one is named, connect; on the way out stop what was started.

    A Triton elsewhere is not waited for: `engine.why_not_ready` tells how it does. Raises InvalidModelCard, and the
    EngineError of `engines` when Triton cannot be started here.
    """
    card = verified_card(settings.model_repository)
    if not card.trained:
        log.warning("untrained weights", model_card=card.version, meaning="the verdicts mean nothing")
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        url = settings.triton_url
        if url is None:
            triton = TritonServer(settings.model_repository, ready_timeout_s=settings.engine_start_s)
            url = (await stack.enter_async_context(triton)).grpc_url
        engine = TritonEngine(url, card.contract, settings.chunk_slices, metrics.engine_retries.inc)
        stack.push_async_callback(engine.close)
        decode = DecodePool(
            settings.decode_workers,
            settings.decode_timeout_s,
            settings.decode_memory_bytes,
            lambda cause: metrics.worker_deaths.labels(cause).inc(),
        )
        stack.callback(decode.close)
        admission = Admission(settings.slices_in_flight, settings.slices_waiting, metrics.refusals.inc)
        metrics.slices_in_flight.set_function(lambda: admission.in_flight)
        metrics.slices_waiting.set_function(lambda: admission.waiting)
        analysis = Analysis(decode, engine, admission, card, settings.budgets, metrics, settings.deadline_s)
        yield Services(settings, card, engine, url, admission, metrics, analysis)


def create_app(services: Services) -> FastAPI:
    """The gateway over HTTP."""
    app = FastAPI(title="Turnstile", version=version("turnstile"), description=DESCRIPTION)
    app.add_middleware(RequestLog, metrics=services.metrics)
    handle_errors(app, services.metrics, services.admission.retry_after_s)
    settings = services.settings
    app.include_router(health_router(services.engine, services.metrics, services.card.trained))
    app.include_router(inference_router(services.analysis, settings.scratch_folder, settings.upload_bytes))
    return app
