"""A server in a thread with a small application, and raw sockets to it."""

import asyncio
import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel

from gateway.errors import GatewayError
from gateway.http.body_timeouts import BodyTimeouts
from gateway.http.error_responses import handle_errors
from gateway.http.request_id import RequestLog
from gateway.http.security_headers import add_security_headers
from gateway.http.server.limits import ConnectionLimits
from gateway.http.server.server import Server, create_server
from gateway.settings.settings import Settings
from gateway.telemetry.metrics import Metrics

STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Named(BaseModel):
    name: str


@dataclass
class Received:
    """What the application saw: each body, and each client that left before its end."""

    bodies: list[bytes] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class RawServer:
    """Its port, and what reached the application."""

    port: int
    received: Received
    metrics: Metrics
    server: Server

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def answers(self, *pieces: bytes) -> bytes:
        """All bytes that come back until the server closes, which the last request must make it do."""
        with self.connect() as client:
            with contextlib.suppress(OSError):
                for piece in pieces:
                    client.sendall(piece)
            return until_closed(client)

    def statuses(self, *pieces: bytes) -> list[int]:
        return statuses(self.answers(*pieces))


def until_closed(client: socket.socket) -> bytes:
    """All bytes up to the end of the connection, in order or by a reset."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            answer += piece
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in STATUS.findall(answer)]


def problem_of(answer: bytes) -> str:
    """The error code of the last answer, after a check of its shape and that it does not allow caching."""
    head, _, body = answer.rpartition(b"\r\n\r\n")
    problem = json.loads(body)
    assert set(problem) == {"error", "detail", "request_id"}
    assert problem["request_id"].encode() in head
    assert b"no-store" in head
    assert b"nosniff" in head
    return str(problem["error"])


@contextmanager
def raw_server(
    timeouts: BodyTimeouts | None = None, *, trusted_proxies: tuple[str, ...] = (), **limits: Any
) -> Iterator[RawServer]:
    """Serve a small application with these limits."""
    received, metrics, started = Received(), Metrics(), threading.Event()
    settings = Settings(trusted_proxies=trusted_proxies)
    app = _application(received, metrics, settings, timeouts or BodyTimeouts(20.0, 0))
    bounds = ConnectionLimits(**{"connections": 100, "connections_per_address": 100, "linger_s": 0.2} | limits)
    server = create_server(app, settings, metrics, bounds)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY for it
    listener.bind(("127.0.0.1", 0))

    async def serve() -> None:
        asyncio.get_running_loop().call_soon(started.set)
        await server.serve([listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="raw server")
    thread.start()
    started.wait()
    try:
        yield RawServer(listener.getsockname()[1], received, metrics, server)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _application(received: Received, metrics: Metrics, settings: Settings, timeouts: BodyTimeouts) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.body_timeouts = timeouts
    add_security_headers(app, settings, timeouts)
    app.add_middleware(RequestLog, metrics=metrics)
    handle_errors(app, metrics, lambda: 1)

    @app.get("/ok")
    async def ok(request: Request) -> PlainTextResponse:
        received.heads.append(dict(request.headers))
        return PlainTextResponse("ok")

    @app.get("/slow")
    async def slow() -> PlainTextResponse:
        await asyncio.sleep(0.3)
        return PlainTextResponse("slow")

    @app.post("/body")
    async def body(request: Request) -> PlainTextResponse:
        received.bodies.append(await request.body())
        received.heads.append(dict(request.headers))
        return PlainTextResponse("received")

    @app.post("/echo")
    async def echo(request: Request) -> StreamingResponse:
        return StreamingResponse(request.stream())

    @app.post("/early")
    async def early() -> None:
        raise EarlyAnswer("the body is not read")

    @app.post("/json")
    async def json_body(named: Named) -> PlainTextResponse:
        return PlainTextResponse(named.name)

    return app


class EarlyAnswer(GatewayError):
    """An error before the body."""

    code, status = "early", 409
