"""The request id is always ours; a client's own id is logged and returned beside it."""

import httpx
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from gateway.http.request_id import VALID_ID, RequestLog
from gateway.telemetry.metrics import Metrics

logged: dict[str, str] = {}


async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
    logged.clear()
    logged.update(structlog.contextvars.get_contextvars())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


METRICS = Metrics()


async def ids_of(headers: list[tuple[bytes, bytes]]) -> httpx.Headers:
    transport = httpx.ASGITransport(RequestLog(app, METRICS))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get("/", headers=headers)).headers


@given(
    st.one_of(st.from_regex(VALID_ID, fullmatch=True), st.binary(max_size=80).filter(lambda text: b"\n" not in text))
)
async def test_ours_is_new_and_a_valid_one_of_the_client_is_beside_it(sent: bytes) -> None:
    answered = await ids_of([(b"X-Request-ID", sent)])
    valid = VALID_ID.fullmatch(sent) is not None
    assert answered["X-Request-ID"] == logged["request_id"] != sent.decode("latin-1")
    assert len(logged["request_id"]) == 32
    assert answered.get("X-Client-Request-ID") == logged.get("client_request_id") == (sent.decode() if valid else None)


async def test_two_ids_are_none() -> None:
    answered = await ids_of([(b"X-Request-ID", b"first-id-1"), (b"X-Request-ID", b"second-id-2")])
    assert "X-Client-Request-ID" not in answered
