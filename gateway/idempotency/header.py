"""The header Idempotency-Key: a repeated request is executed once and gets the record of the first one."""

import hashlib
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from gateway.http.authorization import CurrentPrincipal
from gateway.idempotency.store import IdempotencyKey
from gateway.principal import Principal

MAX_KEY_LENGTH: Final = 200

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text, for instance a UUID. A request that is sent twice with it is executed once.",
        min_length=1,
        max_length=MAX_KEY_LENGTH,
        pattern=r"^[\x21-\x7e]+$",
    ),
]


async def _key(request: Request, principal: CurrentPrincipal, key: KeyHeader = None) -> IdempotencyKey | None:
    if key is None:
        return None
    return idempotency_key(request, principal, key, hashlib.sha256(await request.body()).hexdigest())


RequestKey = Annotated[IdempotencyKey | None, Depends(_key)]


def idempotency_key(request: Request, principal: Principal, key: str, body_sha256: str) -> IdempotencyKey:
    """The key with the fingerprint of its request: SHA-256 of method, path and body."""
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path} {body_sha256}".encode()).hexdigest()
    return IdempotencyKey(principal.institution, principal.key, key, fingerprint)
