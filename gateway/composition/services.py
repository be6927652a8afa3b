"""The screening services, made from the settings: decode workers, admission, Triton and the active networks."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

import structlog
from pydantic import SecretStr

from gateway.composition.postgres import data_folder
from gateway.health.metrics_page import MetricsPage
from gateway.inference.admission import Admission
from gateway.inference.engine import Engine
from gateway.inference.expert_admission import ExpertAdmission
from gateway.pacs.receiving.metrics import ReceivingMetrics
from gateway.screening.active_networks import ActiveNetworks, ServedNetworks
from gateway.screening.decode_workers import DecodePool
from gateway.screening.network_loader import NetworkLoader
from gateway.screening.network_switch import NetworkSwitch
from gateway.screening.pipeline import ScreeningPipeline
from gateway.settings.settings import Settings
from gateway.storage.disk_reserve import DiskReserve
from gateway.storage.scratch import open_scratch
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.tracing import Traces, traces_to
from screening.results.model_card import ModelCard

log = structlog.get_logger(__name__)

ALWAYS_ADMITTED: Final = 8  # uploads: programs send so many at once, also to a slow or busy machine


@dataclass(frozen=True)
class Services:
    """Everything that screening needs; the API and the command line share it."""

    settings: Settings
    networks: ActiveNetworks
    switch: NetworkSwitch
    triton_secret: SecretStr | None
    decode: DecodePool
    admission: Admission
    metrics: Metrics
    traces: Traces
    metrics_page: MetricsPage
    scratch: Path
    disk_reserve: DiskReserve
    receiving: ReceivingMetrics

    @property
    def card(self) -> ModelCard:
        """The model card of the networks that are active now; the next three belong to the same networks."""
        return self.networks.current.card

    @property
    def pipeline(self) -> ScreeningPipeline:
        return self.networks.current.pipeline

    @property
    def engine(self) -> Engine:
        return self.networks.current.pipeline.engine

    @property
    def triton_url(self) -> str:
        return self.networks.current.triton_url


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Verify the model card, start Triton unless the settings name one, connect; at the end stop what was started.

    It does not wait for a Triton of the settings: `engine.why_not_ready` gives its state. Raises InvalidModelCard, and
    the EngineError of `engines` when Triton cannot be started here.
    """
    traces = traces_to(settings.trace_url)
    metrics = Metrics(traces)
    async with AsyncExitStack() as stack:
        stack.callback(traces.close)
        scratch = await stack.enter_async_context(open_scratch(settings.scratch_folder))
        decode = _decode_pool(settings, metrics)
        stack.callback(decode.close)
        admission = _admission(settings, metrics)
        secret = settings.triton_secret if settings.triton_url else settings.triton_secret or SecretStr(token_urlsafe())
        expert_admission = ExpertAdmission(settings.expert_studies, settings.expert_waiting)
        loader = NetworkLoader(settings, secret, decode, admission, expert_admission, metrics, traces)
        active = AsyncExitStack()
        networks = ActiveNetworks(await active.enter_async_context(loader.load_configured()))
        switch = NetworkSwitch(loader, networks, active)
        stack.push_async_callback(switch.close)
        metrics.set_model_card(networks.current.card)
        _log_model_card(networks.current)
        metrics_page = MetricsPage(metrics, networks)
        reserve = _disk_reserve(settings, scratch, metrics)
        receiving = ReceivingMetrics(metrics.registry)
        parts = (decode, admission, metrics, traces, metrics_page, scratch, reserve, receiving)
        yield Services(settings, networks, switch, secret, *parts)


def _decode_pool(settings: Settings, metrics: Metrics) -> DecodePool:
    return DecodePool(
        settings.decode_workers,
        settings.decode_timeout_s,
        settings.decode_memory_bytes,
        lambda cause: metrics.worker_deaths.labels(cause).inc(),
    )


def _admission(settings: Settings, metrics: Metrics) -> Admission:
    admission = Admission(
        settings.slices_in_flight,
        settings.slices_waiting,
        metrics.refusals.inc,
        busy_after_s=settings.busy_after_s,
        min_uploads=max(settings.decode_workers + 1, ALWAYS_ADMITTED),
        weights=settings.turn_weights,
    )
    metrics.slices_in_flight.set_function(lambda: admission.in_flight)
    metrics.slices_waiting.set_function(lambda: admission.waiting)
    return admission


def _disk_reserve(settings: Settings, scratch: Path, metrics: Metrics) -> DiskReserve:
    """The reserve on the disks that this process and its PostgreSQL write to."""
    folders = {"scratch": scratch}
    if settings.blob_url is None or settings.database_url is None:
        folders["data"] = data_folder(settings)
    reserve = DiskReserve(folders, settings.disk_reserve_bytes)
    for name in folders:
        metrics.disk_free_bytes.labels(name).set_function(partial(reserve.free_bytes, name))
    metrics.disk_low.set_function(lambda: len(reserve.low()))
    return reserve


def _log_model_card(served: ServedNetworks) -> None:
    card = served.card
    if not card.trained:
        log.warning("untrained weights", model_card=card.version, meaning="the verdicts mean nothing")
    if card.probability_histogram is None:
        log.info("drift not measured", meaning="the model card has no histogram of validation probabilities")
