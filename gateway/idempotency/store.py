"""Stored answers, by the idempotency key of their request."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import IdempotencyRow
from gateway.errors import IdempotencyBusy, IdempotencyMismatch


@dataclass(frozen=True)
class Answer:
    """A stored HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class IdempotencyKey:
    """An Idempotency-Key with its principal, and a hash of its request."""

    principal: str
    key: str
    fingerprint: str


async def lock_and_find(session: AsyncSession, key: IdempotencyKey) -> Answer | None:
    """Lock the key for this transaction; return the stored answer, or None for the first request.

    Raises IdempotencyBusy while another request holds the lock, and IdempotencyMismatch for another request.
    """
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(_lock_id(key)))):
        raise IdempotencyBusy(
            "the first request with this Idempotency-Key is still being processed; send it again later"
        )
    row = await session.get(IdempotencyRow, (key.principal, key.key))
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise IdempotencyMismatch("this Idempotency-Key was used for another request")
    return Answer(row.status, row.headers, row.body)


async def save(session: AsyncSession, key: IdempotencyKey, answer: Answer) -> None:
    """Store the answer, in the transaction of the work."""
    session.add(
        IdempotencyRow(
            principal=key.principal,
            key=key.key,
            fingerprint=key.fingerprint,
            status=answer.status,
            headers=dict(answer.headers),
            body=answer.body,
        )
    )
    await session.flush()


async def delete_before(session: AsyncSession, before: datetime) -> None:
    """Delete the answers that were stored before `before`."""
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))


def _lock_id(key: IdempotencyKey) -> int:
    """The id of the key's advisory lock: 64 bits of its SHA-256."""
    digest = hashlib.sha256(f"{key.principal}\0{key.key}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
