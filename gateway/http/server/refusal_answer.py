"""The answer to a request that never reaches the application: the same body and headers as every other error."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from uuid import uuid4

import structlog

from gateway.errors import GatewayError
from gateway.http.request_id import HEADER
from gateway.http.security_headers import ALL_HEADERS
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)


def refusal_answer(error: GatewayError, metrics: Metrics) -> bytes:
    """The answer as bytes; it closes the connection. The refusal is logged and counted."""
    request_id = uuid4().hex
    metrics.errors.labels(error.code).inc()
    metrics.requests.labels("other", "unknown", str(error.status)).inc()
    log.info("request refused", error=error.code, status=error.status, request_id=request_id)
    body = json.dumps({"error": error.code, "detail": error.detail, "request_id": request_id}).encode()
    return "\r\n".join([*_head(error, request_id, len(body)), "", ""]).encode("ascii") + body


def _head(error: GatewayError, request_id: str, length: int) -> Iterator[str]:
    yield f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}"
    yield "Content-Type: application/json"
    yield f"Content-Length: {length}"
    yield "Connection: close"
    yield f"{HEADER}: {request_id}"
    for name, value in {**ALL_HEADERS, **error.headers}.items():
        yield f"{name}: {value}"
