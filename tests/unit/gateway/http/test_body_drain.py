"""How long a connection that is to close is held: until the body has ended, or nobody can wait any longer."""

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


async def refuses(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 429, "headers": []})
    await send({"type": "http.response.body", "body": b"busy"})


async def answer_of(receive: Callable[[], Awaitable[Message]]) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await BodyDrain(refuses, silence_s=0.05, longest_s=0.2)(SCOPE, receive, send)
    return sent


def whole(sent: list[Message]) -> bool:
    """The answer went out before the end, which came after it."""
    return [(one.get("body"), one.get("more_body")) for one in sent[1:]] == [(b"busy", True), (b"", False)]


async def test_the_body_is_read_to_its_end_after_the_answer() -> None:
    pieces = [PIECE, PIECE, END]

    async def receive() -> Message:
        return pieces.pop(0)

    assert whole(await answer_of(receive))
    assert not pieces


async def test_a_client_that_falls_silent_is_let_go() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    assert whole(await answer_of(receive))


async def test_a_client_that_never_stops_is_let_go() -> None:
    async def receive() -> Message:
        await asyncio.sleep(0.001)
        return PIECE

    assert whole(await answer_of(receive))


async def test_a_client_that_left_is_not_waited_for() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert whole(await answer_of(receive))
