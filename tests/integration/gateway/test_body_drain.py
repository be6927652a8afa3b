"""A refusal reaches a client that is still sending, whatever it wants done with the connection afterwards."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from gateway.settings.settings import MIB
from tests.integration.gateway.running_gateway import RunningGateway, running_gateway

LARGE = 24 * MIB  # more than the socket buffers of both sides
LIMIT = 32 * MIB


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway that refuses each upload: the limits of slices in flight and waiting are reached."""
    with running_gateway(tmp_path_factory.mktemp("scratch"), triton_url="127.0.0.1:9", upload_bytes=LIMIT) as gateway:
        settings, admission = gateway.services.settings, gateway.services.admission
        admission.in_flight, admission.waiting = settings.slices_in_flight, settings.slices_waiting
        yield gateway
        admission.in_flight = admission.waiting = 0


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize(
    ("path", "size", "status", "error"),
    [
        ("/inference/predict", LARGE, 429, "engine_overloaded"),
        ("/api/scans", 2 * LIMIT, 413, "over_budget"),
        ("/api/nowhere", LARGE, 404, "not_found"),
        ("/api/patients", LARGE, 413, None),  # JSON, longer than the limit
    ],
)
def test_the_client_receives_the_refusal(
    full: RunningGateway, path: str, size: int, status: int, error: str | None, connection: str
) -> None:
    client = HTTPConnection(urlsplit(full.url).netloc, timeout=60)
    kind = "multipart/form-data; boundary=b" if path == "/api/scans" else "application/json"
    client.request("POST", path, bytes(size), {"Connection": connection, "Content-Type": kind})
    answer = client.getresponse()
    body = json.loads(answer.read())
    client.close()
    assert answer.status == status
    assert error is None or body["error"] == error


def test_an_http_1_0_proxy_receives_the_refusal(full: RunningGateway) -> None:
    address = urlsplit(full.url)
    head = f"POST /inference/predict HTTP/1.0\r\nHost: {address.netloc}\r\nContent-Length: {LARGE}\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=60) as client:
        client.sendall(head.encode() + bytes(LARGE))
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert b"engine_overloaded" in answer


def test_a_client_with_expect_100_continue_sends_no_body(full: RunningGateway) -> None:
    address = urlsplit(full.url)
    head = f"Host: {address.netloc}\r\nContent-Length: {LARGE}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=60) as client:
        client.sendall(f"POST /inference/predict HTTP/1.1\r\n{head}".encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 429 ")  # and no 100 before it
