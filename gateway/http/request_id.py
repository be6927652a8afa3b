"""The request id: a new one for each request; it is logged and returned as X-Request-ID.

An X-Request-ID that the client sent is kept beside ours: logged, and returned as X-Client-Request-ID. Instead of ours
it could name another client's request in the log and in the audit.
"""

import re
from time import perf_counter
from typing import Final
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.telemetry.metrics import Metrics

HEADER: Final = "X-Request-ID"
CLIENT_HEADER: Final = "X-Client-Request-ID"
VALID_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

log = structlog.get_logger(__name__)


def request_id() -> str:
    """The id of the current request."""
    return str(structlog.contextvars.get_contextvars()["request_id"])


class RequestLog:
    """ASGI middleware: binds the id to all log lines, and logs and counts each request once."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ids = {"request_id": uuid4().hex} | _client_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**ids)
        start, status = perf_counter(), 499  # nginx's number for a client that left before the answer

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[HEADER] = ids["request_id"]
                if "client_request_id" in ids:
                    headers[CLIENT_HEADER] = ids["client_request_id"]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            status = 500  # the outer middleware sends this response
            raise
        finally:
            self._record(scope, status, perf_counter() - start)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")  # the pattern, never the path that the client sent
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4))


def _client_id(scope: Scope) -> dict[str, str]:
    """The client's own id for the log, when it sent exactly one that is valid."""
    sent = [value for name, value in scope["headers"] if name == HEADER.lower().encode()]
    return {"client_request_id": sent[0].decode()} if len(sent) == 1 and VALID_ID.fullmatch(sent[0]) else {}
