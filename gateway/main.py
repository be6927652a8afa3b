"""The composition root: the one place that knows every part and how they fit."""

import asyncio
import getpass
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from secrets import token_urlsafe

import structlog
from fastapi import FastAPI
from pydantic import SecretStr

from gateway.analyses.api.routes import analyses_router
from gateway.analyses.attempt import Attempts
from gateway.analyses.job_leases import Turns
from gateway.analyses.requests import Analyses
from gateway.analyses.store.notifications import News
from gateway.analyses.worker import BEATS, Worker, worker_name
from gateway.audit import audit_log
from gateway.audit.api import audit_router
from gateway.audit.reading import AuditTrail
from gateway.auth.api.sign_in import sign_in_router
from gateway.auth.api.tokens import tokens_router
from gateway.auth.authentication import Authentication, open_authentication
from gateway.auth.local_admin import command_line_admin
from gateway.auth.token_administration import Tokens
from gateway.composition.storage import data_folder, open_postgres
from gateway.database.connection import Database
from gateway.database.migration import migrate_when_it_answers
from gateway.health.api import health_router
from gateway.health.metrics_page import Exposition
from gateway.http.documented_errors import ANYWHERE
from gateway.http.error_responses import handle_errors
from gateway.http.request_id import RequestLog
from gateway.http.security_headers import believe_proxies, secure
from gateway.http.static_page import PAGE, page_router
from gateway.inference.admission import Admission
from gateway.inference.engine import Engine
from gateway.predictions.api import inference_router
from gateway.predictions.prediction import Predictions
from gateway.records.api.files import files_router
from gateway.records.api.patients import patients_router
from gateway.records.api.scans import scans_router
from gateway.records.original_files import Files
from gateway.records.patients import Patients
from gateway.records.scan_upload import Uploading
from gateway.records.scans import Scans
from gateway.reports.api.feedback import feedback_router
from gateway.reports.api.reports import reports_router
from gateway.reports.api.statistics import statistics_router
from gateway.reports.feedback import Feedback
from gateway.reports.pdf.document import Pages
from gateway.reports.stored_reports import Reports
from gateway.screening.active_networks import Networks, Served
from gateway.screening.api.model_card import model_card_router
from gateway.screening.api.operating_point import operating_point_router
from gateway.screening.decode_workers import DecodePool
from gateway.screening.network_switch import Serving, Switch
from gateway.screening.operating_point import OperatingPoints
from gateway.screening.pipeline import Analysis
from gateway.settings.auth import is_loopback
from gateway.settings.settings import Settings
from gateway.storage.blobs import Blobs
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.tracing import RequestTraces, Traces, traces_to
from gateway.viewing.api.routes import viewing_router
from gateway.viewing.render_cache import Workshop
from gateway.viewing.scan_access import Opening
from gateway.viewing.viewing import Viewing
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
    networks: Networks
    switch: Switch
    triton_secret: SecretStr | None
    decode: DecodePool
    admission: Admission
    metrics: Metrics
    traces: Traces
    exposition: Exposition

    @property
    def card(self) -> ModelCard:
        """Of the networks that are in force now, as the three below."""
        return self.networks.now.card

    @property
    def analysis(self) -> Analysis:
        return self.networks.now.analysis

    @property
    def engine(self) -> Engine:
        return self.networks.now.analysis.engine

    @property
    def triton_url(self) -> str:
        return self.networks.now.triton_url


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Verify the model card, start Triton unless one is named, connect; on the way out stop what was started.

    A Triton elsewhere is not waited for: `engine.why_not_ready` tells how it does. Raises InvalidModelCard, and the
    EngineError of `engines` when Triton cannot be started here.
    """
    traces = traces_to(settings.trace_url)
    metrics = Metrics(traces)
    async with AsyncExitStack() as stack:
        stack.callback(traces.close)
        decode = DecodePool(
            settings.decode_workers,
            settings.decode_timeout_s,
            settings.decode_memory_bytes,
            lambda cause: metrics.worker_deaths.labels(cause).inc(),
        )
        stack.callback(decode.close)
        admission = Admission(
            settings.slices_in_flight,
            settings.slices_waiting,
            metrics.refusals.inc,
            busy_after_s=settings.busy_after_s,
            always=settings.decode_workers + 1,  # each has one in hand, and one comes in
        )
        metrics.slices_in_flight.set_function(lambda: admission.in_flight)
        metrics.slices_waiting.set_function(lambda: admission.waiting)
        secret = settings.triton_secret if settings.triton_url else settings.triton_secret or SecretStr(token_urlsafe())
        serving = Serving(settings, secret, decode, admission, metrics, traces)
        in_force = AsyncExitStack()
        networks = Networks(await in_force.enter_async_context(serving.first()))
        switch = Switch(serving, networks, in_force)
        stack.push_async_callback(switch.close)
        metrics.serves(networks.now.card)
        _say(networks.now)
        exposition = Exposition(metrics, networks)
        yield Services(settings, networks, switch, secret, decode, admission, metrics, traces, exposition)


@dataclass(frozen=True)
class Store:
    """What is kept: records in PostgreSQL, bytes in blobs, and who may come to them. Screening alone needs none."""

    database: Database
    blobs: Blobs
    news: News
    authentication: Authentication
    database_url: SecretStr
    where: str


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Start PostgreSQL unless one is named, bring its schema up to date; on the way out stop what was started.

    Raises DatabaseAway when it does not answer in time, and the EngineError of `engines` when it does not start here.
    """
    folder = data_folder(settings)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(open_postgres(settings, folder))
        database = Database(url.get_secret_value())
        stack.push_async_callback(database.close)
        await migrate_when_it_answers(database, settings.database_start_s)
        blobs = Blobs(settings.blob_url or folder / "blobs")
        authentication = await stack.enter_async_context(
            open_authentication(settings, database, is_loopback(settings.host))
        )
        news = await stack.enter_async_context(News(url.get_secret_value()).listening())
        where = str(folder) if settings.database_url is None else "PostgreSQL elsewhere"
        yield Store(database, blobs, news, authentication, url, where)


def worker_of(services: Services, store: Store) -> Worker:
    """The worker of this process; it does nothing before it is set to work."""
    settings = services.settings
    turns = Turns(store.database, services.metrics, worker_name())
    heartbeat_s = settings.takeover_s / BEATS
    points = OperatingPoints(store.database)
    attempts = Attempts(turns, services.networks, points, store.blobs, store.news, settings.scratch_folder, heartbeat_s)
    url = store.database_url.get_secret_value()
    return Worker(url, attempts, settings.workers, settings.takeover_s, settings.drain_s)


async def switch_in_audit(services: Services, store: Store, old: Served, new: Served) -> None:
    """Say that whoever runs the commands of this machine puts other networks in force; no switch without that word."""
    by = command_line_admin(getpass.getuser(), services.settings.institution)
    detail: audit_log.Detail = {"from": old.card.version, "to": new.card.version}
    async with store.database.transaction() as session:
        await audit_log.record(session, by, audit_log.Action.UPDATE, "model_card", new.card.version, None, detail)


def viewing_of(services: Services, store: Store) -> Viewing:
    """What looks into scans; one decode worker, where there are several, is left to the analyses."""
    settings = services.settings
    at_once = asyncio.Semaphore(max(1, settings.decode_workers - 1))
    workshop = Workshop(
        store.blobs, services.decode, settings.budgets, settings.scratch_folder, settings.deadline_s, at_once
    )
    return Viewing(Opening(store.database), workshop)


def create_app(services: Services, store: Store) -> FastAPI:
    """The gateway over HTTP."""
    app = FastAPI(title="Turnstile", version=version("turnstile"), description=DESCRIPTION, responses=ANYWHERE)
    settings = services.settings
    app.state.authentication = store.authentication
    secure(app, settings)
    app.add_middleware(RequestTraces, traces=services.traces)
    app.add_middleware(RequestLog, metrics=services.metrics)
    believe_proxies(app, settings)
    handle_errors(app, services.metrics, services.admission.retry_after_s)
    app.include_router(health_router(services.networks, store.database, services.exposition))
    app.include_router(patients_router(Patients(store.database, store.blobs)))
    app.include_router(scans_router(Scans(store.database, store.blobs)))
    uploading, files = Uploading(store.database, store.blobs), Files(store.database, store.blobs)
    app.include_router(files_router(uploading, files, settings.upload_bytes))
    viewing = viewing_of(services, store)
    app.include_router(viewing_router(viewing))
    app.include_router(analyses_router(Analyses(store.database, store.news)))
    app.include_router(reports_router(Reports(store.database), Pages(store.database, viewing)))
    points = OperatingPoints(store.database)
    predictions = Predictions(store.database, services.networks, points)
    app.include_router(inference_router(predictions, settings.scratch_folder, settings.upload_bytes))
    app.include_router(sign_in_router(store.authentication))
    app.include_router(tokens_router(Tokens(store.database)))
    app.include_router(audit_router(AuditTrail(store.database)))
    app.include_router(model_card_router(services.networks))
    app.include_router(feedback_router(Feedback(store.database, services.metrics)))
    app.include_router(operating_point_router(points, services.networks))
    app.include_router(statistics_router(store.database))
    app.include_router(page_router(PAGE))  # the last one: it answers every address that is left
    return app


def _say(served: Served) -> None:
    """What the log shall know of the networks at the start."""
    card = served.card
    if not card.trained:
        log.warning("untrained weights", model_card=card.version, meaning="the verdicts mean nothing")
    if card.probability_histogram is None:
        log.info("drift not measured", meaning="the model card has no histogram of validation probabilities")
