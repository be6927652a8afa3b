"""Bodies that stop, trickle, or do not arrive before the service stops are ended, and the answer says so."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.errors import RequestTimeout, ServiceStopping
from gateway.http.body_timeouts import BodyTimeouts
from tests.unit.gateway.http.server.raw_http import RawServer, problem_of, raw_server, statuses, until_closed


def head(path: str, length: int, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_server(BodyTimeouts(0.6, 10_000)) as running:
        yield running


@pytest.mark.parametrize("headers", [[], ["Connection: close"]], ids=["keep-alive", "close"])
@pytest.mark.parametrize("path", ["/body", "/json"])
def test_a_stalled_body_is_ended_and_the_answer_says_so(server: RawServer, path: str, headers: list[str]) -> None:
    json_ = ["Content-Type: application/json"] if path == "/json" else []
    answer = server.answers(head(path, 1000, *headers, *json_) + b'{"name":')
    assert statuses(answer) == [408]
    assert problem_of(answer) == "request_timeout"


def test_a_trickle_is_ended_though_it_never_stops(server: RawServer) -> None:
    with server.connect() as client:
        client.sendall(head("/body", 10**6))
        answer, start = b"", time.monotonic()
        while not answer and time.monotonic() - start < 15:
            client.sendall(b"a")
            client.settimeout(0.05)
            try:
                answer = client.recv(4096)
            except TimeoutError:
                continue
        client.settimeout(20)
        answer += until_closed(client)
    assert statuses(answer) == [408]


def test_a_steady_body_takes_the_time_it_needs(server: RawServer) -> None:
    with server.connect() as client:
        client.sendall(head("/body", 20 * 5000, "Connection: close"))
        for _ in range(20):
            client.sendall(b"a" * 5000)
            time.sleep(0.06)
        assert statuses(until_closed(client)) == [200]
    assert server.received.bodies[-1] == b"a" * 20 * 5000


def test_a_service_that_stops_ends_a_stalled_upload_at_once_and_says_why() -> None:
    timeouts = BodyTimeouts(60.0, 0)
    with raw_server(timeouts) as server, server.connect() as client:
        client.sendall(head("/body", 1000) + b"abc")
        time.sleep(0.3)
        timeouts.idle_s = 0.5
        start = time.monotonic()
        server.server.should_exit = True
        answer = until_closed(client)
    assert time.monotonic() - start < 15, "not 60 s"
    assert statuses(answer) == [503]
    assert problem_of(answer) == "service_stopping"


def test_a_service_that_stops_takes_an_upload_that_arrives() -> None:
    with raw_server(BodyTimeouts(60.0, 0)) as server, server.connect() as client:
        client.sendall(head("/body", 6) + b"abc")
        time.sleep(0.3)
        server.server.should_exit = True
        threading.Timer(0.5, client.sendall, [b"def"]).start()
        assert statuses(until_closed(client)) == [200]
        assert server.received.bodies == [b"abcdef"]


async def test_the_time_in_which_nothing_is_awaited_is_not_the_client_s() -> None:
    timeouts = BodyTimeouts(0.5, 1000)
    timeouts.check(received_bytes=1, waited_s=0.4)
    with pytest.raises(RequestTimeout):
        timeouts.check(received_bytes=1, waited_s=0.6)
    BodyTimeouts(0.5, 0).check(received_bytes=1, waited_s=1e6)


async def test_the_drain_bounds_a_body_that_keeps_arriving() -> None:
    timeouts = BodyTimeouts(60.0, 0)
    timeouts.stop(0.0)
    with pytest.raises(ServiceStopping):
        await timeouts.receive(asyncio.Event().wait)  # type: ignore[arg-type]
