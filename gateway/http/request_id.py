"""The request id: from X-Request-ID when that is valid, else a new one; it is logged and returned."""

import re
from time import perf_counter
from typing import Final
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.telemetry.metrics import Metrics

HEADER: Final = "X-Request-ID"
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
        id_ = _id_of(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=id_)
        start, status = perf_counter(), 499  # nginx's number for a client that left before the answer

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = id_
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


def _id_of(scope: Scope) -> str:
    sent = dict(scope["headers"]).get(HEADER.lower().encode(), b"")
    return sent.decode() if VALID_ID.fullmatch(sent) else uuid4().hex
