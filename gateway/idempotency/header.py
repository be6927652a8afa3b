"""The header Idempotency-Key: the same request, sent again, does its work once and has the same answer."""

import hashlib
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Response

from gateway.http.authorization import CurrentPrincipal
from gateway.idempotency.replay import Answer, Key

LONGEST_KEY: Final = 200

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of your own, such as a UUID; a request that is sent twice with it does its work once.",
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=r"^[\x21-\x7e]+$",
    ),
]


async def _key(request: Request, principal: CurrentPrincipal, key: KeyHeader = None) -> Key | None:
    if key is None:
        return None
    return key_of(request, principal.key, key, hashlib.sha256(await request.body()).hexdigest())


IdempotencyKey = Annotated[Key | None, Depends(_key)]


def key_of(request: Request, principal: str, key: str, body_sha256: str) -> Key:
    """The key with the fingerprint of its request: method, path and body."""
    told = f"{request.method} {request.url.path} {body_sha256}"
    return Key(principal, key, hashlib.sha256(told.encode()).hexdigest())


def as_response(answer: Answer) -> Response:
    """The answer over HTTP."""
    return Response(answer.body, answer.status, dict(answer.headers), media_type="application/json")
