"""Exceptions as HTTP responses; the body is always {error, detail, request_id}."""

from collections.abc import Callable
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gateway.errors import DatabaseUnavailable, NotFound, StorageFull, TooManyRequests
from gateway.http.authorization import record_not_found
from gateway.http.request_id import HEADER, request_id
from gateway.storage.disk_reserve import STORAGE_FULL, is_full_or_read_only
from gateway.telemetry.metrics import Metrics
from screening.coded_error import CodedError

log = structlog.get_logger(__name__)

CLIENT_CLOSED_REQUEST = 499  # nginx's status; the client has left and does not read it
RETRY_LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def handle_errors(app: FastAPI, metrics: Metrics, retry_after_s: Callable[[], int]) -> None:
    """Answer each exception in this shape; `retry_after_s` gives Retry-After in seconds for 429 and 503."""

    def answer(status: int, error: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
        metrics.errors.labels(error).inc()
        log.info("request failed", error=error, status=int(status))
        headers = {**(headers or {}), HEADER: request_id()}
        if status in RETRY_LATER:
            headers.setdefault("Retry-After", str(retry_after_s()))
        return JSONResponse({"error": error, "detail": detail, "request_id": request_id()}, status, headers)

    async def coded_error(request: Request, error: Exception) -> JSONResponse:
        error = await _recorded(request, _coded(error))
        return answer(error.status, error.code, error.detail, dict(error.headers))

    async def http_exception(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        if isinstance(error.__cause__, CodedError):  # FastAPI makes any failure to read a JSON body a 400
            return await coded_error(request, error.__cause__)
        code = HTTPStatus(error.status_code).name.lower()
        return answer(error.status_code, code, str(error.detail), dict(error.headers or {}))

    async def invalid_request(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
        detail = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail)

    async def client_gone(_request: Request, _error: Exception) -> JSONResponse:
        return answer(
            CLIENT_CLOSED_REQUEST, "client_gone", "the client disconnected before its request was complete"
        )  # for the log and the metrics only

    async def unknown(_request: Request, _error: Exception) -> JSONResponse:
        # Starlette raises it again after the answer, and the server logs the traceback.
        detail = "the service failed; its log has the reason under this request_id"
        return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail)

    app.add_exception_handler(CodedError, coded_error)
    app.add_exception_handler(HTTPException, http_exception)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(ClientDisconnect, client_gone)
    app.add_exception_handler(OSError, coded_error)
    app.add_exception_handler(Exception, unknown)


def _coded(error: Exception) -> CodedError:
    """The error itself, or that the storage is full; raises any other error again, as a fault of the program."""
    if isinstance(error, CodedError):
        return error
    if is_full_or_read_only(error):
        return StorageFull(STORAGE_FULL)
    raise error


async def _recorded(request: Request, error: CodedError) -> CodedError:
    """The error, after its audit event if it is about an id; or why there is none: then nothing is told of the id."""
    if type(error) is NotFound:
        try:
            await record_not_found(request)
        except (TooManyRequests, DatabaseUnavailable) as refusal:
            return refusal
    return error
