"""One connection: uvicorn's HTTP/1.1 with limits of what a client may send, and how long it may take.

Uvicorn limits neither the size nor the time of a request head (its parser in C, httptools, has no such setting; h11 has
one for the size, and takes twice as long for an upload). A refusal is answered with our error body, after the answers
that the connection still owes. Answers are timed by `gateway.http.send_timeout`, and the body of a request whose answer
is awaited by `gateway.http.body_timeouts`.
"""

import asyncio
import sys
from enum import Enum, auto
from typing import Any, Final

from gateway.errors import GatewayError, HeadTooLarge, MalformedRequest, RequestTimeout, TooManyConnections
from gateway.http.send_timeout import SendTimeoutProtocol
from gateway.http.server.connection_table import ConnectionTable
from gateway.http.server.limits import ConnectionLimits
from gateway.http.server.refusal_answer import refusal_answer
from gateway.http.server.request_head import check_head
from gateway.http.server.upgrade_header import framing_head, parser_after_head
from gateway.http.trusted_proxies import TrustedProxies
from gateway.rate_limits.client_network import client_network
from gateway.telemetry.metrics import Metrics

FIELD_BYTES: Final = 4  # colon, space and line end of one header
LINGER_BYTES: Final = 2**20
LEAST_OVERHEAD: Final = 64 * 2**10  # of chunk sizes and chunk extensions
OVERHEAD_PER_BYTE: Final = 8  # chunks of one byte have 5
MALFORMED: Final = "the request is no valid HTTP/1.1"
NO_CONNECTION_LEFT: Final = "too many connections are open; try again in a moment"


class Phase(Enum):
    """What the connection waits for, as far as its time is limited."""

    FIRST_BYTE = auto()
    HEAD = auto()
    REST_OF_BODY = auto()  # of a request that is answered already
    LINGER = auto()  # the client of a refused request stops sending


class BoundedProtocol(SendTimeoutProtocol):
    """A connection within `limits`, counted in `table`."""

    def __init__(
        self,
        *args: Any,
        limits: ConnectionLimits,
        table: ConnectionTable,
        proxies: TrustedProxies,
        metrics: Metrics,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._limits = limits
        self._table = table
        self._proxies = proxies
        self._metrics = metrics
        self._phase: Phase | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = False
        self._messages = 0  # heads begun and bodies ended: a change tells that a read went over a boundary
        self._head_bytes = self._head_fields = 0
        self._unfinished_bytes = 0  # read since the head began, for a header line that has no end yet
        self._raw_body_bytes = self._body_bytes = 0
        self._refusal: GatewayError | None = None
        self._lingered_bytes = 0
        self._head_end: int | None = None  # in the read, of a head that the parser took for a whole request

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if self._table.add(self, client_network(address), shared=address in self._proxies or not address):
            self._limit_time()
            return
        transport.write(refusal_answer(TooManyConnections(NO_CONNECTION_LEFT, {"Retry-After": "5"}), self._metrics))
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.remove(self)
        self._set_phase(None)
        super().connection_lost(exc)

    def close_waiting(self) -> None:
        """Close the connection, which waits for a request, for another one."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._refusal is not None:
            self._drop(data)
            return
        within, messages = (self._in_head, self._in_body), self._messages
        self._parse(data)
        if self._refusal is None and messages == self._messages:
            self._count_unfinished(len(data), *within)
        self._limit_time()

    def _parse(self, data: bytes) -> None:
        """Parse a read; after each head that offers another protocol, with a new parser."""
        super().data_received(data)
        while self._head_end is not None:
            rest, self._head_end = data[self._head_end :], None
            self.parser = parser_after_head(self)
            self.parser.feed_data(framing_head(self.headers))
            data = rest
            super().data_received(data)

    def _unsupported_upgrade_warning(self) -> None:
        """Uvicorn calls it for such a head, while it handles the parser's exception."""
        error = sys.exception()
        self._head_end = error.args[0] if error is not None else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._messages += 1
        self._in_head = True
        self._head_bytes = self._head_fields = self._unfinished_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            self._fail(MalformedRequest("headers after the body (trailers) are not read"))
        self._count_head(len(name) + len(value) + FIELD_BYTES)
        self._head_fields += 1
        if self._head_fields > self._limits.head_fields:
            self._fail(HeadTooLarge(f"the request has more than {self._limits.head_fields} headers"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            self._fail(MalformedRequest("this service is no proxy"))
        try:
            check_head(self.parser.get_http_version(), self.url, self.headers)
        except MalformedRequest as error:
            self._fail(error)
        if len(self.pipeline) >= self._limits.pipelined:
            self._fail(MalformedRequest("too many requests were sent before their answers"))
        self._in_head, self._in_body = False, True
        self._raw_body_bytes = self._body_bytes = 0
        self._set_phase(None)
        self._table.serve(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # the end of the head; `_parse` goes on with the body
        self._messages += 1
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        was_last = not self.pipeline
        super().on_response_complete()
        if was_last and self._refusal is not None:
            self._answer(self._refusal)
        elif was_last:
            self._table.wait(self)
        self._limit_time()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - our own text instead
        """Uvicorn calls it for what the parser refuses, and for the exceptions of the callbacks above."""
        self._refuse(self._refusal or MalformedRequest(MALFORMED))

    def _fail(self, error: GatewayError) -> None:
        """Stop the parser from a callback; `send_400_response` answers."""
        self._refusal = error
        raise error

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.head_bytes:
            self._fail(self._head_too_large())

    def _count_unfinished(self, size: int, in_head: bool, in_body: bool) -> None:
        """Count a read that lies within one head or one body: a line without an end, a chunk without its data."""
        if in_head and self._in_head:
            self._unfinished_bytes += size
            if self._unfinished_bytes > self._limits.head_bytes:
                self._refuse(self._head_too_large())
        elif in_body and self._in_body:
            self._raw_body_bytes += size
            overhead = self._raw_body_bytes - self._body_bytes
            if overhead > LEAST_OVERHEAD + OVERHEAD_PER_BYTE * self._body_bytes:
                self._refuse(MalformedRequest("the chunks of the body hold more extensions than data"))

    def _head_too_large(self) -> HeadTooLarge:
        return HeadTooLarge(f"request line and headers are longer than {self._limits.head_bytes} bytes")

    def _refuse(self, error: GatewayError) -> None:
        """Read no further, and answer when the earlier requests of this connection have their answers."""
        self._refusal = error
        if self._in_body and self.pipeline:
            self.pipeline.popleft()  # this request, which waits for its turn and will not get its body
        elif self._in_body and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.close()
            return
        elif self._in_body and not self.cycle.response_complete:
            self._answer(error)
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            return
        if not self.pipeline and self._is_idle():
            self._answer(error)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _answer(self, error: GatewayError) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(refusal_answer(error, self._metrics))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._unset_keepalive_if_required()
        self._set_phase(Phase.LINGER)

    def _drop(self, data: bytes) -> None:
        self._lingered_bytes += len(data)
        if self._lingered_bytes > LINGER_BYTES:
            self.transport.close() if self._phase is Phase.LINGER else self.flow.pause_reading()

    def _limit_time(self) -> None:
        """Start the time limit of what the connection waits for now, unless it runs already."""
        if self._refusal is not None or self.transport.is_closing():
            return
        if self._in_head:
            self._set_phase(Phase.HEAD)
        elif not self._is_idle():
            self._set_phase(None)  # it is our turn
        elif self._in_body:
            self._unset_keepalive_if_required()
            self._set_phase(Phase.REST_OF_BODY)
        else:  # after an answer uvicorn's own timer runs, until something arrives
            self._set_phase(Phase.FIRST_BYTE if self.timeout_keep_alive_task is None else None)

    def _set_phase(self, phase: Phase | None) -> None:
        if phase is self._phase:
            return
        self._phase = phase
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if phase is None else self.loop.call_later(self._seconds(phase), self._expire, phase)

    def _seconds(self, phase: Phase) -> float:
        return {
            Phase.FIRST_BYTE: self._limits.first_byte_s,
            Phase.HEAD: self._limits.head_s,
            Phase.REST_OF_BODY: self._limits.rest_s,
            Phase.LINGER: self._limits.linger_s,
        }[phase]

    def _expire(self, phase: Phase) -> None:
        self._phase = self._timer = None
        if phase is Phase.HEAD:
            self._refuse(RequestTimeout(f"the request head did not arrive within {self._limits.head_s:g} s"))
        else:
            self.transport.close()
