"""Traces: nested spans, headers for the next program, and only the class of an error."""

import builtins
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.telemetry.tracing import NoTraces, OpenTelemetry, TracingUnavailable, traces_to


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(exporter: InMemorySpanExporter) -> OpenTelemetry:
    return OpenTelemetry(exporter)


def test_a_span_in_a_span_is_its_child_and_the_headers_name_it(
    traces: OpenTelemetry, exporter: InMemorySpanExporter
) -> None:
    with traces.span("outer"), traces.span("inner") as headers:
        pass
    traces.close()
    inner, outer = exporter.get_finished_spans()
    assert inner.parent == outer.context
    assert inner.context
    named = f"00-{inner.context.trace_id:032x}-{inner.context.span_id:016x}-"
    assert headers["traceparent"].startswith(named)


def test_an_error_leaves_its_class_and_not_its_message(traces: OpenTelemetry, exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Mustermann"), traces.span("survey"):
        raise ValueError("Mustermann")
    traces.close()
    (span,) = exporter.get_finished_spans()
    assert span.status.description == "ValueError"
    assert "Mustermann" not in span.to_json()


def test_invalid_headers_start_a_new_trace(traces: OpenTelemetry, exporter: InMemorySpanExporter) -> None:
    with traces.span("HTTP GET", parent={"traceparent": "nonsense"}):
        pass
    traces.close()
    (span,) = exporter.get_finished_spans()
    assert span.parent is None


def test_without_a_url_there_are_no_traces() -> None:
    traces = traces_to(None)
    assert isinstance(traces, NoTraces)
    with traces.span("survey") as headers:
        assert headers == {}
    traces.close()


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TracingUnavailable, match=r"turnstile\[trace\]"):
        traces_to("http://127.0.0.1:4318/v1/traces")
