"""The body drain reads until the body ends, or until one of its two time limits."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send

from gateway.http.body_drain import BodyDrain

SCOPE: Scope = {
    "type": "http",
    "http_version": "1.1",
    "headers": [(b"content-length", b"9000"), (b"connection", b"close")],
}
PIECE: Message = {"type": "http.request", "body": b"abc", "more_body": True}
END: Message = {"type": "http.request", "body": b"", "more_body": False}


async def refusing_app(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 429, "headers": []})
    await send({"type": "http.response.body", "body": b"busy"})


async def answer_of(receive: Callable[[], Awaitable[Message]]) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await BodyDrain(refusing_app, silence_s=0.05, longest_s=0.2)(SCOPE, receive, send)
    return sent


def is_complete(sent: list[Message]) -> bool:
    """The answer was sent before the end of the body, and its last message after it."""
    return [(message.get("body"), message.get("more_body")) for message in sent[1:]] == [(b"busy", True), (b"", False)]


async def test_the_body_is_read_to_its_end_after_the_answer() -> None:
    pieces = [PIECE, PIECE, END]

    async def receive() -> Message:
        return pieces.pop(0)

    assert is_complete(await answer_of(receive))
    assert not pieces


async def test_a_client_that_stops_sending_is_dropped_after_the_silence_limit() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    assert is_complete(await answer_of(receive))


async def test_a_client_that_never_stops_sending_is_dropped_after_the_total_limit() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return PIECE

    assert is_complete(await answer_of(receive))


async def test_a_disconnected_client_ends_the_drain() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert is_complete(await answer_of(receive))
