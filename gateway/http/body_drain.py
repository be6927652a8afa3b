"""An answer that comes before the body was read still reaches its client: the rest of the body is read, and dropped.

Who closes a connection with unread bytes in it resets it, and the client may lose the answer (RFC 9112 9.6). Where the
connection stays open uvicorn reads on by itself. Where the client asked to close it, as Python's urllib does, and nginx
towards its upstreams unless told otherwise, it closes at once: a refused upload was a ConnectionResetError, no 429.
"""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SILENCE_S: Final = 5.0  # nginx's lingering_timeout
LONGEST_S: Final = 30.0  # and its lingering_time: who still sends then has had time to look
LAST: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}


class Lingering:
    """ASGI middleware: holds a connection that is to close until its client has sent what it was sending."""

    def __init__(self, app: ASGIApp, silence_s: float = SILENCE_S, longest_s: float = LONGEST_S) -> None:
        self._app = app
        self._silence_s = silence_s
        self._longest_s = longest_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _closes_with_a_body(scope):
            await self._app(scope, receive, send)
            return
        read = False

        async def receive_noted() -> Message:
            nonlocal read
            message = await receive()
            read = not message.get("more_body", False)
            return message

        async def send_lingering(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body", False) or read:
                await send(message)
                return
            await send({**message, "more_body": True})
            await self._read_on(receive)
            await send(LAST)

        await self._app(scope, receive_noted, send_lingering)

    async def _read_on(self, receive: Receive) -> None:
        try:
            async with asyncio.timeout(self._longest_s):
                while await self._more(receive):
                    pass
        except TimeoutError:
            return

    async def _more(self, receive: Receive) -> bool:
        async with asyncio.timeout(self._silence_s):
            message = await receive()
        return bool(message.get("more_body", False))


def _closes_with_a_body(scope: Scope) -> bool:
    """Whether the client sends a body unasked, and wants the connection closed after the answer."""
    headers = Headers(scope=scope)
    closes = scope["http_version"] == "1.0" or "close" in headers.get("connection", "").lower()
    sends = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return closes and sends and "expect" not in headers
