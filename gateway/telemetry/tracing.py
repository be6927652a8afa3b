"""Traces by OpenTelemetry, off by default: a span for each request, stage and call of Triton.

A span has a fixed name and, when it failed, the error's class; never a path, a query, a header or a message.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from screening.user_error import UserError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

Headers = Mapping[str, str]


class TracingUnavailable(UserError):
    """The settings ask for traces, and the extra `trace` is not installed."""


class Traces(Protocol):
    """The interface of tracing; a span's headers carry its context to another program (W3C traceparent)."""

    def span(self, name: str, parent: Headers | None = None) -> AbstractContextManager[Headers]:
        """A span for the block; its parent is in `parent`, the headers of the caller, else it is the current span."""

    def close(self) -> None:
        """Send what has not been sent."""


class NoTraces:
    """Records and sends nothing."""

    def span(self, name: str, parent: Headers | None = None) -> AbstractContextManager[Headers]:
        del name, parent
        return nullcontext({})

    def close(self) -> None:
        """Nothing to send."""


class OpenTelemetry:
    """Sends spans to a collector."""

    def __init__(self, exporter: "SpanExporter") -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({"service.name": "turnstile", "service.version": version("turnstile")})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("turnstile")

    @contextmanager
    def span(self, name: str, parent: Headers | None = None) -> Iterator[Headers]:
        from opentelemetry.trace import StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        context = None if parent is None else TraceContextTextMapPropagator().extract(parent)
        with self._tracer.start_as_current_span(
            name, context, record_exception=False, set_status_on_exception=False
        ) as span:
            headers: dict[str, str] = {}
            TraceContextTextMapPropagator().inject(headers)
            try:
                yield headers
            except BaseException as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)  # a message may quote a header of DICOM
                raise

    def close(self) -> None:
        self._provider.shutdown()


def traces_to(url: str | None) -> Traces:
    """Traces to a collector (OTLP over HTTP), or none without a URL; raises TracingUnavailable."""
    if url is None:
        return NoTraces()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OpenTelemetry(OTLPSpanExporter(url))
    except ImportError as error:
        raise TracingUnavailable("TURNSTILE_TRACE_URL needs OpenTelemetry: pip install 'turnstile[trace]'") from error


class RequestTraces:
    """ASGI middleware: each request is a span, below the caller's when it sends a traceparent."""

    def __init__(self, app: ASGIApp, traces: Traces) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        with self._traces.span(f"HTTP {scope['method']}", parent=sent):
            await self._app(scope, receive, send)
