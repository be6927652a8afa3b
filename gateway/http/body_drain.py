"""Body drain: after an early answer the rest of the request body is read and dropped; so the client gets the answer.

A server that closes a connection with unread bytes resets it, and the client may lose the answer (RFC 9112 9.6). When
the connection stays open, uvicorn reads the rest. When the client asked to close it (Python's urllib, and nginx to its
upstreams by default), uvicorn closes at once: the client of a refused upload got ConnectionResetError instead of 429.
"""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import GatewayError

SILENCE_S: Final = 5.0  # as nginx's lingering_timeout
LONGEST_S: Final = 30.0  # as nginx's lingering_time
END_OF_ANSWER: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}


class BodyDrain:
    """ASGI middleware: reads the rest of the body before the end of an answer that closes the connection.

    It stops after `silence_s` seconds without a byte, and after `longest_s` seconds in all.
    """

    def __init__(self, app: ASGIApp, silence_s: float = SILENCE_S, longest_s: float = LONGEST_S) -> None:
        self._app = app
        self._silence_s = silence_s
        self._longest_s = longest_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _closes_with_a_body(scope):
            await self._app(scope, receive, send)
            return
        complete = False

        async def receive_and_note_end() -> Message:
            nonlocal complete
            complete = True  # also when it raises: what has stalled is not awaited again
            message = await receive()
            complete = not message.get("more_body", False)
            return message

        async def send_after_drain(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body", False) or complete:
                await send(message)
                return
            await send({**message, "more_body": True})
            await self._drain(receive)
            await send(END_OF_ANSWER)

        await self._app(scope, receive_and_note_end, send_after_drain)

    async def _drain(self, receive: Receive) -> None:
        try:
            async with asyncio.timeout(self._longest_s):
                while await self._receive_more(receive):
                    pass
        except (TimeoutError, GatewayError):  # too slow for us, or for all bodies
            return

    async def _receive_more(self, receive: Receive) -> bool:
        async with asyncio.timeout(self._silence_s):
            message = await receive()
        return bool(message.get("more_body", False))


def _closes_with_a_body(scope: Scope) -> bool:
    """Whether the client sends a body without `Expect`, and the connection closes after the answer."""
    headers = Headers(scope=scope)
    closes = scope["http_version"] == "1.0" or "close" in headers.get("connection", "").lower()
    sends = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return closes and sends and "expect" not in headers
