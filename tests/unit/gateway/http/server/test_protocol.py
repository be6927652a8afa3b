"""Connections over raw sockets: what is too large, too slow or ambiguous is refused, and every answer is in order."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.gateway.http.server.raw_http import RawServer, problem_of, raw_server, statuses, until_closed

LAST = b"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
GET = b"GET /ok HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"POST /body HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
KIB = 2**10
UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_server() as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[RawServer]:
    """A server that waits only a moment for each part of a request."""
    with raw_server(first_byte_s=0.3, head_s=0.6, rest_s=0.4) as running:
        yield running


def post(path: str, length: str | int, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode()


class TestSize:
    def test_a_head_within_the_limit_is_read(self, server: RawServer) -> None:
        assert server.statuses(GET + b"X: " + b"a" * 60 * KIB + b"\r\nConnection: close\r\n\r\n") == [200]

    @pytest.mark.parametrize(
        "head",
        [
            GET + b"".join(b"X-%d: %s\r\n" % (number, b"v" * 900) for number in range(100)) + b"\r\n",
            GET + b"X: " + b"a" * 65 * KIB + b"\r\n\r\n",
            GET + b"X: " + b"a" * 900 * KIB,  # a line without an end
            b"GET /" + b"a" * 900 * KIB,
            GET + b"a" * 900 * KIB,  # a name without an end
            GET + b"x:y\r\n" * 300 + b"\r\n",
        ],
        ids=["many lines", "one line", "no end of a line", "no end of the target", "no end of a name", "many short"],
    )
    def test_a_larger_head_is_refused(self, server: RawServer, head: bytes) -> None:
        answer = server.answers(head)
        assert statuses(answer) == [431]
        assert problem_of(answer) == "head_too_large"

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.binary(min_size=1, max_size=300 * KIB), st.integers(1, 64 * KIB))
    def test_whatever_arrives_in_whatever_pieces_the_server_answers_and_goes_on(
        self, server: RawServer, noise: bytes, step: int
    ) -> None:
        pieces = [noise[start : start + step] for start in range(0, len(noise), step)]
        with server.connect() as client, contextlib.suppress(OSError):
            for piece in pieces[:20]:
                client.sendall(piece)
        assert server.statuses(LAST) == [200]


class TestTime:
    def test_an_idle_connection_is_closed_without_an_answer(self, hasty: RawServer) -> None:
        assert hasty.answers() == b""

    def test_empty_lines_do_not_keep_a_connection(self, hasty: RawServer) -> None:
        with hasty.connect() as client, contextlib.suppress(OSError):
            start = time.monotonic()
            while not _closed(client, 0.1):
                client.sendall(b"\r\n")
                assert time.monotonic() - start < 15

    def test_a_slow_head_is_refused_though_it_never_stops(self, hasty: RawServer) -> None:
        with hasty.connect() as client:
            client.sendall(GET + b"X: ")
            answer = b""
            while not answer:
                client.sendall(b"a")
                client.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    answer = client.recv(4096)
            client.settimeout(20)
            answer += until_closed(client)
        assert statuses(answer) == [408]
        assert problem_of(answer) == "request_timeout"

    def test_a_second_head_is_timed_too(self, hasty: RawServer) -> None:
        answer = hasty.answers(GET + b"\r\n" + GET + b"X: ")
        assert statuses(answer) == [200, 408]

    def test_the_rest_of_an_answered_body_is_not_awaited_for_ever(self, hasty: RawServer) -> None:
        assert hasty.statuses(post("/early", 1000)) == [409]

    def test_a_connection_is_closed_when_nothing_follows_an_answered_body(self, hasty: RawServer) -> None:
        with hasty.connect() as client:
            client.sendall(post("/early", 3))
            start = client.recv(4096)
            client.sendall(b"abc")
            assert statuses(start + until_closed(client)) == [409]

    def test_the_service_may_take_longer_than_a_client(self, hasty: RawServer) -> None:
        assert hasty.statuses(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") == [200]


class TestFraming:
    """RFC 9112 11.2: what two readers could understand as two requests or as one."""

    @pytest.mark.parametrize(
        "request_",
        [
            GET.replace(b"\r\n", b"\n") + b"\n",
            GET + b"X: a\r\n b\r\n\r\n",
            GET + b" X: a\r\n\r\n",
            GET + b"X : a\r\n\r\n",
            GET + b"X: a\0b\r\n\r\n",
            GET + b"X: a\rb\r\n\r\n",
            GET + b"Host: other\r\n\r\n",
            b"GET /ok HTTP/1.1\r\n\r\n",
            b"GET /ok HTTP/1.2\r\nHost: localhost\r\n\r\n",
            b"GET /ok HTTP/9.9\r\nHost: localhost\r\n\r\n",
            b"GET http://other/ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET http://evil@localhost/ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET http://localhost:1/ok HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
            b"GET http://localhost/ok HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
            b"GET http://localhost:1/ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
            post("/body", "1\r\nContent-Length: 2") + b"ab",
            post("/body", "1\r\nContent-Length: 1") + b"a",
            post("/body", "1, 1") + b"a",
            post("/body", "+1") + b"a",
            post("/body", "-1") + b"a",
            post("/body", "0x1") + b"a",
            post("/body", "1 1") + b"a",
            post("/body", "9" * 20) + b"a",
            post("/body", 5, "Transfer-Encoding: chunked") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"chunked\r\nContent-Length: 5") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"gzip, chunked") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"chunked, identity") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"chunked\r\nTransfer-Encoding: chunked") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"identity") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"xchunked") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"\x0bchunked") + b"0\r\n\r\n",
            CHUNKED.replace(b"Encoding:", b"Encoding :") + b"0\r\n\r\n",
            CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n",
            CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
            CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
            CHUNKED + b"1 \r\na\r\n0\r\n\r\n",
            CHUNKED + b"1\na\n0\n\n",
            CHUNKED + b"2\r\na\r\n0\r\n\r\n",
            CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
            CHUNKED + b"ffffffffffffffffff\r\na",
            CHUNKED + b"1\r\na\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n",
            b"CONNECT /ok HTTP/1.1\r\nHost: localhost\r\n\r\n",
            post("/body", 5, *UPGRADE, "Transfer-Encoding: chunked") + b"0\r\n\r\n",
            CHUNKED.replace(b"chunked", b"gzip, chunked\r\nConnection: Upgrade\r\nUpgrade: h2c") + b"0\r\n\r\n",
        ],
    )
    def test_an_ambiguous_request_is_refused_and_nothing_after_it_is_read(
        self, server: RawServer, request_: bytes
    ) -> None:
        before = len(server.received.bodies)
        answer = server.answers(request_ + LAST)
        assert statuses(answer) == [400]
        assert problem_of(answer) == "malformed_request"
        assert len(server.received.bodies) == before

    @pytest.mark.parametrize(
        ("target", "host"),
        [
            ("http://localhost", "localhost"),
            ("HTTP://LocalHost:80", "localhost"),
            ("http://localhost", "localhost:80"),
            ("https://localhost:443", "localhost"),
            ("http://[::1]:8080", "[::1]:8080"),
        ],
    )
    def test_an_absolute_target_that_names_the_host_is_read(self, server: RawServer, target: str, host: str) -> None:
        request = f"GET {target}/ok HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        assert server.statuses(request.encode()) == [200]

    def test_plain_chunks_and_short_extensions_are_read(self, server: RawServer) -> None:
        assert server.statuses(CHUNKED + b"2;a=b\r\nab\r\n1\r\nc\r\n0\r\n\r\n", LAST) == [200, 200]
        assert server.received.bodies[-1] == b"abc"

    def test_a_body_of_chunks_of_one_byte_is_read(self, server: RawServer) -> None:
        assert server.statuses(CHUNKED + b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n", LAST) == [200, 200]
        assert len(server.received.bodies[-1]) == 50_000

    @pytest.mark.parametrize("part", [b"1;" + b"a" * 900 * KIB, b"1;x\r\na\r\n0;" + b"b" * 900 * KIB])
    def test_chunk_extensions_are_bounded(self, server: RawServer, part: bytes) -> None:
        answer = server.answers(CHUNKED, part)
        assert statuses(answer) == [400]
        assert problem_of(answer) == "malformed_request"

    @pytest.mark.parametrize("step", [1, 7, 10_000])
    def test_a_request_that_offers_another_protocol_is_read_as_if_it_did_not(
        self, server: RawServer, step: int
    ) -> None:
        """Java's HttpClient offers h2c with each request; a body that is no part of it would be the next request."""
        chunked = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        sent = (
            post("/body", len(LAST), *UPGRADE)
            + LAST
            + post("/body", 0, *UPGRADE)
            + chunked
            + b"3\r\nabc\r\n0\r\n\r\n"
            + GET
            + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
            + LAST
        )
        with server.connect() as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start in range(0, len(sent), step):
                client.sendall(sent[start : start + step])
            assert statuses(until_closed(client)) == [200, 200, 200, 200, 200]
        assert server.received.bodies[-3:] == [LAST, b"", b"abc"]

    def test_what_follows_a_body_is_a_request_of_its_own(self, server: RawServer) -> None:
        assert server.statuses(post("/body", 2) + b"abGARBAGE\r\n\r\n") == [200, 400]
        assert server.received.bodies[-1] == b"ab"

    def test_a_body_that_ends_too_early_is_no_body(self, server: RawServer) -> None:
        before = len(server.received.bodies)
        with server.connect() as client:
            client.sendall(post("/body", 10) + b"abc")
            client.shutdown(socket.SHUT_WR)
            until_closed(client)
        assert server.statuses(LAST) == [200]
        assert len(server.received.bodies) == before

    def test_a_refusal_comes_after_the_answers_that_are_owed(self, server: RawServer) -> None:
        slow = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer = server.answers(slow + GET + b"\r\n" + b"GARBAGE\r\n\r\n")
        assert statuses(answer) == [200, 200, 400]

    def test_a_broken_body_of_a_request_that_waits_is_refused_in_its_turn(self, server: RawServer) -> None:
        answer = server.answers(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n" + CHUNKED + b"zz\r\n")
        assert statuses(answer) == [200, 400]

    def test_a_broken_body_ends_an_answer_that_has_begun(self, server: RawServer) -> None:
        with server.connect() as client:
            client.sendall(CHUNKED.replace(b"/body", b"/echo") + b"3\r\nabc\r\n")
            start = client.recv(4096)
            client.sendall(b"zz\r\n")
            answer = start + until_closed(client)
        assert statuses(answer) == [200]
        assert b"malformed" not in answer

    def test_pipelined_requests_are_answered_in_order_and_bounded(self, server: RawServer) -> None:
        assert server.statuses((GET + b"\r\n") * 10 + LAST) == [200] * 11
        flood = server.statuses(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n" + (GET + b"\r\n") * 500)
        assert flood == [200] * 17 + [400]


class TestNumber:
    def test_the_longest_idle_connection_makes_room_for_a_new_one(self) -> None:
        with raw_server(connections=10, connections_per_address=8) as server:
            idle = [server.connect() for _ in range(8)]
            assert [server.statuses(LAST) for _ in range(3)] == [[200]] * 3
            assert [_closed(client, 0.2) for client in idle] == [True] + [False] * 7
            for client in idle:
                client.close()

    def test_a_connection_that_had_its_answer_makes_room_too(self) -> None:
        with raw_server(connections=10, connections_per_address=2) as server:
            clients = [server.connect() for _ in range(2)]
            for client in clients:
                client.sendall(GET + b"\r\n")
                answer = b""
                while not answer.endswith(b"\r\n\r\nok"):
                    answer += client.recv(4096)
            assert server.statuses(LAST) == [200]
            assert [_closed(client, 0.2) for client in clients] == [True, False]
            for client in clients:
                client.close()

    def test_a_trusted_proxy_has_more_connections_than_one_address(self) -> None:
        with raw_server(trusted_proxies=("127.0.0.1",), connections=10, connections_per_address=2) as server:
            busy = [server.connect() for _ in range(2)]
            for client in busy:
                client.sendall(post("/body", 3) + b"a")
            time.sleep(0.3)
            assert server.statuses(LAST) == [200]
            for client in busy:
                client.close()

    def test_a_request_in_progress_is_never_closed_for_another(self) -> None:
        with raw_server(connections=10, connections_per_address=2) as server:
            busy = [server.connect() for _ in range(2)]
            for client in busy:
                client.sendall(post("/body", 3) + b"a")
            time.sleep(0.3)
            answer = server.answers()
            assert (statuses(answer), problem_of(answer)) == ([503], "too_many_connections")
            for client in busy:
                client.sendall(b"bc")
                assert statuses(client.recv(4096)) == [200]
                client.close()


class TestUpgrade:
    def test_no_websocket_is_opened(self, server: RawServer) -> None:
        upgrade = b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
        with server.connect() as client:
            client.sendall(GET + b"Connection: Upgrade\r\n" + upgrade + b"\r\n")
            assert statuses(client.recv(4096)) == [200]


def _closed(client: socket.socket, wait_s: float) -> bool:
    """Whether the server has closed the connection."""
    client.settimeout(wait_s)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
