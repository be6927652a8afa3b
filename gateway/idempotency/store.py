"""Answers kept under the key of the request that they were given to."""

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
    """An answer that can be given again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Key:
    """An Idempotency-Key, whose it is, and a hash of the request that it stands for."""

    principal: str
    key: str
    fingerprint: str


async def recall(session: AsyncSession, key: Key) -> Answer | None:
    """The answer that was given to this request; None the first time, and the key is then held by this transaction.

    Raises IdempotencyBusy while another request holds it, and IdempotencyMismatch when it stands for another request.
    """
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(_number(key)))):
        raise IdempotencyBusy("the first request with this Idempotency-Key is still in work; ask again")
    row = await session.get(IdempotencyRow, (key.principal, key.key))
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise IdempotencyMismatch("this Idempotency-Key was used for another request")
    return Answer(row.status, row.headers, row.body)


async def keep(session: AsyncSession, key: Key, answer: Answer) -> None:
    """Keep the answer, in the same transaction as what it tells of."""
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


async def forget(session: AsyncSession, before: datetime) -> None:
    """Drop the answers that were given before a moment."""
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))


def _number(key: Key) -> int:
    """64 bits of the key's own, as an advisory lock wants them."""
    digest = hashlib.sha256(f"{key.principal}\0{key.key}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
