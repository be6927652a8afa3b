"""The time limits of request bodies: a body must keep arriving, or its request ends with 408 `request_timeout`.

Timed is only what the client is responsible for, the waiting for its bytes: not the time in which the service is busy
and reads nothing, nor the time before its `100 Continue`. When the service stops, a body that is silent for
`STOPPING_IDLE_S`, or does not end in time, is answered with 503 `service_stopping`.
"""

import asyncio
from asyncio import Timeout
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import GatewayError, RequestTimeout, ServiceStopping

STOPPING_IDLE_S: Final = 5.0
CLOSE: Final = {"Connection": "close"}  # the rest of the body would be read as the next request


@dataclass
class BodyTimeouts:
    """The limits of all bodies of this process: seconds without a byte, and least bytes a second on average."""

    idle_s: float
    least_bytes_per_s: float
    _stop_at: float | None = None
    _waiting: set[Timeout] = field(default_factory=set)

    def stop(self, drain_s: float) -> None:
        """End the bodies that do not arrive within `drain_s`, from now on."""
        self.idle_s = min(self.idle_s, STOPPING_IDLE_S)
        self._stop_at = monotonic() + drain_s
        for waiting in self._waiting:
            waiting.reschedule(asyncio.get_running_loop().time() + self._next_limit_s())

    async def receive(self, receive: Receive) -> Message:
        """The next message; raises RequestTimeout or ServiceStopping when it does not come in time."""
        try:
            async with asyncio.timeout(self._next_limit_s()) as limit:
                self._waiting.add(limit)
                try:
                    return await receive()
                finally:
                    self._waiting.discard(limit)
        except TimeoutError:
            raise self._late(f"no byte of the body arrived for {self.idle_s:g} s") from None

    def check(self, received_bytes: int, waited_s: float) -> None:
        """Raise RequestTimeout when so few bytes came in so many seconds of waiting."""
        if waited_s > self.idle_s and received_bytes < waited_s * self.least_bytes_per_s:
            raise self._late(f"the body arrived more slowly than {self.least_bytes_per_s:g} bytes a second")

    def _next_limit_s(self) -> float:
        if self._stop_at is None:
            return self.idle_s
        return max(0.0, min(self.idle_s, self._stop_at - monotonic()))

    def _late(self, reason: str) -> GatewayError:
        if self._stop_at is not None:
            return ServiceStopping("the service stopped before the body had arrived; send it again", CLOSE)
        return RequestTimeout(f"{reason}; send it again", CLOSE)


class BodyTimeLimit:
    """ASGI middleware: passes bodies on, and ends those that stall."""

    def __init__(self, app: ASGIApp, timeouts: BodyTimeouts) -> None:
        self._app = app
        self._timeouts = timeouts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, _TimedBody(self._timeouts, receive), send)


class _TimedBody:
    """The `receive` of one request; after the end of the body it waits for the disconnection without a limit."""

    def __init__(self, timeouts: BodyTimeouts, receive: Receive) -> None:
        self._timeouts = timeouts
        self._receive = receive
        self._received_bytes = 0
        self._waited_s = 0.0
        self._ended = False

    async def __call__(self) -> Message:
        if self._ended:
            return await self._receive()
        start = monotonic()
        message = await self._timeouts.receive(self._receive)
        self._waited_s += monotonic() - start
        self._received_bytes += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if not self._ended:
            self._timeouts.check(self._received_bytes, self._waited_s)
        return message
