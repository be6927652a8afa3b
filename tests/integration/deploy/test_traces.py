"""One trace from the caller through the gateway into Triton: a real Triton, a real collector's wire format."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from engines.triton_command import HOST
from screening.contract import ENSEMBLE, TEST_TIME_ENSEMBLE
from screening.phantom.phantom_study import write_phantom
from tests.integration.deploy.triton import started
from tests.integration.gateway.running_gateway import running_gateway
from tests.integration.polling import until

ROOT = Path(__file__).resolve().parents[3]
CALLER = "00f067aa0ba902b7"  # with the traces' first one: the example of W3C's Trace Context
TRACES = ("4bf92f3577b34da6a3ce929d0e0e4736", "5bf92f3577b34da6a3ce929d0e0e4736", "6bf92f3577b34da6a3ce929d0e0e4736")


@dataclass(frozen=True)
class ReceivedSpan:
    """A received span; the ids in hexadecimal."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    whole: str


class Collector(ThreadingHTTPServer):
    """A collector that keeps every received span."""

    request_queue_size = 128  # Triton sends each batch on a connection of its own, and drops what is refused

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.spans: list[ReceivedSpan] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/v1/traces"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        binary = self.headers["Content-Type"] == "application/x-protobuf"
        self.server.spans.extend(list(_of_protobuf(body) if binary else _of_json(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def _of_protobuf(body: bytes) -> Iterator[ReceivedSpan]:
    """The gateway's encoding."""
    for part in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = next(pair.value.string_value for pair in part.resource.attributes if pair.key == "service.name")
        for span in (span for scope in part.scope_spans for span in scope.spans):
            ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
            yield ReceivedSpan(service, span.name, *ids, str(span))


def _of_json(body: bytes) -> Iterator[ReceivedSpan]:
    """Triton's encoding."""
    for part in json.loads(body)["resourceSpans"]:
        attributes = part["resource"]["attributes"]
        service = next(pair["value"]["stringValue"] for pair in attributes if pair["key"] == "service.name")
        for span in (span for scope in part["scopeSpans"] for span in scope["spans"]):
            yield ReceivedSpan(
                service, span["name"], span["traceId"], span["spanId"], span.get("parentSpanId", ""), str(span)
            )


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Traced:
    """The spans of one study, and of one request without a valid study."""

    spans: list[ReceivedSpan]
    trace: str

    def of(self, service: str) -> list[ReceivedSpan]:
        """The spans of the study's trace from one service."""
        return [span for span in self.spans if (span.service, span.trace) == (service, self.trace)]

    @property
    def calls(self) -> set[str]:
        """The gateway's requests to Triton."""
        return {span.id for span in self.of("turnstile") if span.name == "triton"}

    def is_whole(self) -> bool:
        """The span of the request itself, which comes last, and Triton's spans of both ensembles.

        Not each of a study's dozen calls is waited for: on a busy machine Triton drops a batch of spans now and then.
        """
        ended = "HTTP POST" in {span.name for span in self.of("turnstile")}
        return ended and {ENSEMBLE, TEST_TIME_ENSEMBLE} <= {span.name for span in self.of("triton")}


@pytest.fixture(scope="module")
def traced(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    """The first study with a whole trace."""
    folder = tmp_path_factory.mktemp("traces")
    scratch = folder / "scratch"
    scratch.mkdir()
    phantom = write_phantom(folder / "phantom.zip", slices=24, size=256)
    flags = (
        "mode=opentelemetry",
        "rate=1",
        "level=TIMESTAMPS",
        f"opentelemetry,url={collector.url}",
        "opentelemetry,bsp_schedule_delay=200",
    )
    trace_config = [f"--trace-config={flag}" for flag in (*flags, "opentelemetry,resource=service.name=triton")]
    with started(ROOT / "model_repository", *trace_config) as ports:
        url = f"{HOST}:{ports.grpc}"
        with running_gateway(scratch, triton_url=url, trace_url=collector.url) as gateway:
            assert httpx.get(f"{gateway.url}/api/patients/nobody?q=Mustermann", trust_env=False).status_code >= 400
            for trace in TRACES:
                sent = {"traceparent": f"00-{trace}-{CALLER}-01"}
                assert gateway.predict(phantom, headers=sent).status_code == 200
                traced = Traced(collector.spans, trace)
                with suppress(AssertionError):
                    until(traced.is_whole, patience_s=20)
                    return traced
    pytest.fail(str([(span.service, span.name, span.trace, span.parent) for span in collector.spans]))


def test_the_callers_trace_goes_through_the_gateway_into_triton(traced: Traced) -> None:
    ours = {span.name: span for span in traced.of("turnstile")}
    assert {"HTTP POST", "survey", "inference", "triton", "fusion"} <= set(ours)
    assert ours["HTTP POST"].parent == CALLER
    assert ours["inference"].parent == ours["HTTP POST"].id
    requests = [span.parent for span in traced.of("triton") if span.name == "InferRequest"]
    assert len(requests) >= 2
    assert set(requests) <= traced.calls


def test_no_span_contains_paths_queries_or_messages(traced: Traced) -> None:
    assert traced.of("turnstile")
    for span in traced.spans:
        assert "Mustermann" not in span.whole
        assert "phantom" not in span.whole
