"""The send timeout of a connection: any answer that is not taken ends it, and one that is taken does not."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psutil
import pytest
import uvicorn
from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse

from gateway.http.send_timeout import SendTimeoutProtocol
from tests.integration.polling import until
from tests.integration.slow_reading import read_slowly

TIMEOUT_S = 0.5
SIZE = 4 * 2**20
BUFFER = 4096


class Endless:
    """An application whose answers are longer than the buffers; `running` counts its streams."""

    def __init__(self) -> None:
        self.app, self.running = FastAPI(), 0

        @self.app.get("/events")
        async def events() -> EventSourceResponse:
            return EventSourceResponse(self._blocks())

        @self.app.get("/stream")
        async def stream() -> StreamingResponse:
            return StreamingResponse(self._blocks())

        @self.app.get("/body")
        async def body() -> Response:
            return Response(bytes(SIZE))

    async def _blocks(self) -> AsyncIterator[bytes]:
        self.running += 1
        try:
            while True:
                yield b"x" * 1024
                await asyncio.sleep(0)
        finally:
            self.running -= 1


@contextmanager
def serving(app: FastAPI) -> Iterator[tuple[str, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    protocol: Any = partial(SendTimeoutProtocol, send_timeout_s=TIMEOUT_S)
    config = uvicorn.Config(app, log_config=None, lifespan="off", http=protocol)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def ask(address: tuple[str, int], path: str) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    client.settimeout(60)
    client.connect(address)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def read_to_the_end(client: socket.socket) -> int:
    """The bytes that still come; the connection ends by itself."""
    read = 0
    try:
        while block := client.recv(65536):
            read += len(block)
    except ConnectionResetError:
        pass
    return read


@pytest.mark.parametrize("path", ["/events", "/stream"])
def test_a_stream_that_nobody_reads_is_ended(path: str) -> None:
    endless = Endless()
    with serving(endless.app) as address, ask(address, path) as client:
        assert client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
        until(lambda: not is_open_on_the_server(client))
        until(lambda: endless.running == 0)


def test_one_large_body_that_nobody_reads_is_ended() -> None:
    """Its call has ended long before: only the connection knows that it was not taken."""
    with serving(Endless().app) as address, ask(address, "/body") as client:
        assert client.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
        until(lambda: not is_open_on_the_server(client))
        assert read_to_the_end(client) < SIZE


def test_a_body_that_is_read_in_pieces_arrives_whole() -> None:
    """The client's buffer is small, so each piece is what the gateway could send since the last."""
    with serving(Endless().app) as address:

        @contextmanager
        def body() -> Iterator[Iterator[bytes]]:
            with ask(address, "/body") as client:
                yield _pieces(client)

        assert len(read_slowly(body, TIMEOUT_S)) >= SIZE


def _pieces(client: socket.socket) -> Iterator[bytes]:
    """Of 32 KiB, until the body is there."""
    read = 0
    while read < SIZE:
        piece = b""
        while len(piece) < 32 * 1024 and (block := client.recv(32 * 1024 - len(piece))):
            piece += block
        if not piece:
            raise ConnectionError("The answer ended early.")
        read += len(piece)
        yield piece


def is_open_on_the_server(client: socket.socket) -> bool:
    """Whether this process, in which the server runs, still holds the other end."""
    port = client.getsockname()[1]
    return any(link.raddr and link.raddr.port == port for link in psutil.Process().net_connections("tcp"))
