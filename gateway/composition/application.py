"""The FastAPI application without its routes: description, security headers, tracing, request log, error responses."""

from importlib.metadata import version

from fastapi import FastAPI

from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.http.body_timeouts import BodyTimeouts
from gateway.http.concurrency_limit import ConcurrencyLimit, ConcurrencyLimits
from gateway.http.documented_errors import COMMON_ERRORS
from gateway.http.error_responses import handle_errors
from gateway.http.request_aliases import RequestAliases
from gateway.http.request_id import RequestLog
from gateway.http.security_headers import add_security_headers, trust_proxies
from gateway.settings.settings import Settings
from gateway.telemetry.tracing import RequestTraces

DESCRIPTION = """
Screens chest CT: lets normal studies through and brings suspicious ones to the radiologist first.
**It is no medical device.** Every error answers as {error, detail, request_id}; no error ever reads as normal.
"""


def create_application(services: Services, store: RecordStore) -> FastAPI:
    """An application with middleware and error handlers, and no route yet."""
    app = FastAPI(
        title="Turnstile",
        version=version("turnstile"),
        description=DESCRIPTION,
        responses=COMMON_ERRORS,
        docs_url=None,  # FastAPI's pages load scripts from another host; `web/docs.html` is the page /docs
        redoc_url=None,
        redirect_slashes=False,  # Starlette's redirect repeats the Host header, which any client may choose
    )
    services.metrics.audit_unsealed.set_function(lambda: store.sealer.silent_s)
    app.state.authentication = store.authentication
    app.state.disk_reserve = services.disk_reserve
    app.state.concurrency_limits = _concurrency_limits(services.settings)
    app.state.body_timeouts = BodyTimeouts(services.settings.upload_idle_s, services.settings.upload_bytes_per_s)
    add_security_headers(app, services.settings, app.state.body_timeouts)
    app.add_middleware(RequestTraces, traces=services.traces)
    app.add_middleware(RequestLog, metrics=services.metrics)
    app.add_middleware(RequestAliases)
    trust_proxies(app, services.settings)
    handle_errors(app, services.metrics, services.admission.retry_after_s)
    return app


def _concurrency_limits(settings: Settings) -> ConcurrencyLimits:
    return ConcurrencyLimits(
        exports=ConcurrencyLimit("exports", settings.exports_per_principal, settings.exports_at_once),
        streams=ConcurrencyLimit(
            "downloads and event streams", settings.streams_per_principal, settings.streams_at_once
        ),
        uploads=ConcurrencyLimit("uploads", settings.uploads_per_principal, settings.uploads_at_once),
    )
