"""The metrics for Prometheus: counts and times; the values of labels are fixed by the code, never by a client."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.telemetry.drift import Drift, State
from gateway.telemetry.tracing import NoTraces, Traces
from screening.results.model_card import ModelCard

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

# A stage of a warm study takes 0.1 ms (fusion) to 400 ms (inference) on two cores, a store on S3 tens of ms; a queue or
# a cold engine reaches seconds, and nothing outlives the deadline of 120 s.
STAGE_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 120.0)
ANALYSIS_BUCKETS_S = (0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)  # a night's queue waits for hours
REQUEST_BUCKETS_S = (0.005, 0.025, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
PROBABILITY_BUCKETS = tuple(step / 10 for step in range(1, 11))  # as the ten bins of the model card's histogram


class Metrics:
    """The metrics of one gateway, in a registry of its own: tests run two gateways in one process."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, traces: Traces | None = None) -> None:
        self._traces = traces or NoTraces()
        disable_created_metrics()  # type: ignore[no-untyped-call] # a third of the page, and no dashboard reads it
        registry = self._registry = CollectorRegistry(auto_describe=True)
        self.requests = Counter(
            "turnstile_requests", "HTTP requests answered.", ("method", "route", "status"), registry=registry
        )
        self.request_seconds = Histogram(
            "turnstile_request_seconds",
            "Seconds from the first byte of a request to the last of its answer.",
            ("route",),
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        self.stage_seconds = Histogram(
            "turnstile_stage_seconds",
            "Seconds of each stage of one study.",
            ("stage",),
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )
        self.verdicts = Counter("turnstile_verdicts", "Studies by their verdict.", ("verdict",), registry=registry)
        self.feedback = Counter(
            "turnstile_feedback", "Feedback of radiologists on reports.", ("verdict", "agrees"), registry=registry
        )
        self.failures = Counter("turnstile_failures", "Studies not analysed.", ("code",), registry=registry)
        self.errors = Counter("turnstile_errors", "Requests answered with an error.", ("code",), registry=registry)
        self.refusals = Counter("turnstile_admission_refusals", "Uploads refused with 429.", registry=registry)
        self.slices_in_flight = Gauge("turnstile_slices_in_flight", "Slices in flight now.", registry=registry)
        self.slices_waiting = Gauge("turnstile_slices_waiting", "Slices that wait for admission.", registry=registry)
        self.connections = Gauge("turnstile_connections", "Open HTTP connections.", registry=registry)
        self.disk_free_bytes = Gauge(
            "turnstile_disk_free_bytes", "Bytes free on the disk of a folder.", ("folder",), registry=registry
        )
        self.disk_low = Gauge(
            "turnstile_disk_low", "1 while uploads are refused: too little disk is free.", registry=registry
        )
        self.worker_deaths = Counter(
            "turnstile_worker_deaths", "Decode workers that were killed or crashed.", ("cause",), registry=registry
        )
        self.engine_retries = Counter("turnstile_engine_retries", "Requests to Triton sent again.", registry=registry)
        self.study_seconds = Histogram(
            "turnstile_study_seconds",
            "Seconds of one analysed study, from its first read to its report.",
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        self.model_card = Info("turnstile_model_card", "The model card that is served.", registry=registry)
        self._probability = Histogram(
            "turnstile_probability",
            "Calibrated probabilities of analysed studies.",
            buckets=PROBABILITY_BUCKETS,
            registry=registry,
        )
        self._networks: int | None = None
        self._drift = Drift(None)
        self._drift_of: dict[str, Drift] = {}  # a site's cards are of the same networks, with histograms of their own
        self._drift_state = Enum(
            "turnstile_probability_drift",
            "Whether drift is measured; too_few studies yet, or no_reference on the model card.",
            states=[state.value for state in State],
            registry=registry,
        )
        Gauge(
            "turnstile_probability_psi",
            "Population stability index of the last probabilities against validation; NaN while not measured.",
            registry=registry,
        ).set_function(lambda: self._drift.psi)
        self.analyses = Gauge(
            "turnstile_analyses", "Unfinished analyses, of every worker.", ("state",), registry=registry
        )
        self.analyses_ended = Counter(
            "turnstile_analyses_ended", "Analyses that ended here.", ("state", "error"), registry=registry
        )
        self.analysis_retries = Counter(
            "turnstile_analysis_retries", "Analyses put back into the queue here.", ("error",), registry=registry
        )
        self.takeovers = Counter(
            "turnstile_takeovers", "Analyses whose worker was lost and whose lease expired.", registry=registry
        )
        self.analysis_wait_seconds = Histogram(
            "turnstile_analysis_wait_seconds",
            "Seconds from the request of an analysis to the start of its first attempt.",
            buckets=ANALYSIS_BUCKETS_S,
            registry=registry,
        )
        self.backup_last_success = Gauge(
            "turnstile_backup_last_success_timestamp_seconds",
            "When the last complete backup ended, in Unix time; before the first one, when the records began.",
            registry=registry,
        )
        self.backup_last_success.set(float("nan"))
        self.backup_due = Gauge(
            "turnstile_backup_due_seconds",
            "The longest time between two backups; 0 where none are made.",
            registry=registry,
        )
        self.audit_unsealed = Gauge(
            "turnstile_audit_unsealed_seconds",
            "Seconds since this process last sealed audit events into the chain, or had none to seal.",
            registry=registry,
        )
        self.deliveries = Gauge(
            "turnstile_deliveries",
            "Results for archives that are not there, of every sender.",
            ("state",),
            registry=registry,
        )
        self.delivery_oldest_seconds = Gauge(
            "turnstile_delivery_oldest_seconds",
            "Seconds since the oldest result that waits for an archive was planned; 0 without one.",
            registry=registry,
        )
        self.destinations_down = Gauge("turnstile_destinations_down", "Archives that do not answer.", registry=registry)
        self.deliveries_ended = Counter(
            "turnstile_deliveries_ended", "Results sent or given up here.", ("state", "error"), registry=registry
        )
        self.delivery_retries = Counter(
            "turnstile_delivery_retries", "Results that are sent again later.", ("error",), registry=registry
        )
        self.analysis_run_seconds = Histogram(
            "turnstile_analysis_run_seconds",
            "Seconds of one attempt, from its start to its report.",
            buckets=ANALYSIS_BUCKETS_S,
            registry=registry,
        )

    @property
    def registry(self) -> CollectorRegistry:
        """The registry, for the metrics of a capability of its own."""
        return self._registry

    def set_model_card(self, card: ModelCard) -> None:
        """Set the model card that is served; drift is measured against its validation from now on."""
        self.model_card.info({"version": card.version, "trained": str(card.trained).lower()})
        self._networks = card.ensemble_version
        self._drift = Drift(card.probability_histogram)
        self._drift_of = {card.version: self._drift}
        self._drift_state.state(self._drift.state.value)

    def observe_study(self, card: ModelCard, probability: float, seconds: float) -> None:
        """Observe one analysed study; it counts towards the drift of its card, unless other networks are served now.

        The drift that is shown is that of the card which was used last.
        """
        self._probability.observe(probability)
        self.study_seconds.observe(seconds)
        if card.ensemble_version == self._networks:
            self._drift = self._drift_of.setdefault(card.version, Drift(card.probability_histogram))
            self._drift.observe(probability)
        self._drift_state.state(self._drift.state.value)

    @contextmanager
    def stage(self, name: str, timings_s: dict[str, float]) -> Iterator[None]:
        """Time the block as one stage of a study, add it to `timings_s`, and record a span."""
        start = perf_counter()
        try:
            with self._traces.span(name):
                yield
        finally:
            self.observe_stage(name, perf_counter() - start, timings_s)

    def observe_stage(self, name: str, seconds: float, timings_s: dict[str, float]) -> None:
        """Observe `seconds` of the stage, and add them to `timings_s`."""
        timings_s[name] = timings_s.get(name, 0.0) + seconds
        self.stage_seconds.labels(name).observe(seconds)

    def serve_on(self, port: int, why_not_ready: Callable[[], str | None] | None = None) -> None:
        """Serve the metrics on this port, for a process without an HTTP API, and `/readyz`: 503 with the reason."""
        server, _ = start_http_server(port, registry=self._registry)
        metrics_page = server.get_app()
        if why_not_ready is None or metrics_page is None:
            return

        def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            if environ["PATH_INFO"] != "/readyz":
                return metrics_page(environ, start_response)
            reason = why_not_ready()
            status = "200 OK" if reason is None else "503 Service Unavailable"
            start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
            return [(reason or "ready").encode()]

        server.set_app(answer)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
