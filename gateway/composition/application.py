"""The FastAPI application without its routes: description, security headers, tracing, request log, error responses."""

from importlib.metadata import version

from fastapi import FastAPI

from gateway.composition.record_store import RecordStore
from gateway.composition.services import Services
from gateway.http.documented_errors import COMMON_ERRORS
from gateway.http.error_responses import handle_errors
from gateway.http.request_aliases import RequestAliases
from gateway.http.request_id import RequestLog
from gateway.http.security_headers import add_security_headers, trust_proxies
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
    )
    app.state.authentication = store.authentication
    add_security_headers(app, services.settings)
    app.add_middleware(RequestTraces, traces=services.traces)
    app.add_middleware(RequestLog, metrics=services.metrics)
    app.add_middleware(RequestAliases)
    trust_proxies(app, services.settings)
    handle_errors(app, services.metrics, services.admission.retry_after_s)
    return app
