"""Requests that offer another protocol (`Upgrade: h2c`, `Upgrade: websocket`): read as if they did not (RFC 9110 7.8).

Java's HttpClient offers HTTP/2 so with each request over http. The parser takes such a head for a whole request,
whatever length its body has: the body would be lost, and then read as the next request.
"""

from typing import Any, Final, Protocol

import httptools

FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class Callbacks(Protocol):
    """What the parser calls."""

    def on_message_begin(self) -> None: ...
    def on_url(self, url: bytes) -> None: ...
    def on_header(self, name: bytes, value: bytes) -> None: ...
    def on_headers_complete(self) -> None: ...
    def on_body(self, body: bytes) -> None: ...
    def on_message_complete(self) -> None: ...


class AfterHead:
    """The callbacks of `callbacks`, less those of the first head."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._had_head = False
        self.on_body = callbacks.on_body
        self.on_message_complete = callbacks.on_message_complete

    def on_message_begin(self) -> None:
        if self._had_head:
            self._callbacks.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self._had_head:
            self._callbacks.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._had_head:
            self._callbacks.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._had_head:
            self._callbacks.on_headers_complete()
        self._had_head = True


def parser_after_head(callbacks: Callbacks) -> Any:
    """A parser for what follows a head; it must first be fed `framing_head` of that head."""
    parser = httptools.HttpRequestParser(AfterHead(callbacks))
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
    return parser


def framing_head(headers: list[tuple[bytes, bytes]]) -> bytes:
    """A head of which the parser learns how long the body is, and nothing else."""
    lines = [b"%s: %s\r\n" % (name, value) for name, value in headers if name in FRAMING]
    return b"POST / HTTP/1.1\r\n%s\r\n" % b"".join(lines)
