"""The keys of requests that created a record, with a reference to it.

The answer is not kept: it names the patient, and it would outlive the record. A repeated request is answered from the
record as it is then. `gateway/database/migrations/versions/0009_idempotency_references.py` has the trigger that blanks
the fingerprint when the record is deleted.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables import IdempotencyRow, StoredAnswerRow
from gateway.errors import IdempotencyBusy, IdempotencyMismatch, RecordDeleted


@dataclass(frozen=True)
class IdempotencyKey:
    """An Idempotency-Key of one principal in one institution, and a hash of its request."""

    institution: str
    principal: str
    key: str
    fingerprint: str

    @property
    def key_hash(self) -> str:
        """The stored form: a client may put anything into its key, a name too."""
        return hashlib.sha256(self.key.encode()).hexdigest()


async def lock_and_find(session: AsyncSession, key: IdempotencyKey | None) -> UUID | None:
    """The record that the first request with this key created; None for the first request, and without a key.

    The key is locked until the transaction ends. Raises IdempotencyBusy while another request holds the lock,
    RecordDeleted, and IdempotencyMismatch for another request.
    """
    if key is None:
        return None
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(_lock_id(key)))):
        raise IdempotencyBusy(
            "the first request with this Idempotency-Key is still being processed; send it again later"
        )
    row = await session.get(IdempotencyRow, (key.institution, key.principal, key.key_hash))
    if row is None:
        return None
    if row.fingerprint is None:
        raise RecordDeleted("the record that was created with this Idempotency-Key was deleted; use a new key")
    if row.fingerprint != key.fingerprint:
        raise IdempotencyMismatch("this Idempotency-Key was used for another request")
    return row.record_id


async def remember(session: AsyncSession, key: IdempotencyKey | None, record_id: UUID) -> None:
    """Store what the request created, in its transaction; nothing without a key."""
    if key is None:
        return
    session.add(
        IdempotencyRow(
            institution=key.institution,
            principal=key.principal,
            key=key.key_hash,
            fingerprint=key.fingerprint,
            record_id=record_id,
        )
    )
    await session.flush()


async def delete_before(session: AsyncSession, before: datetime) -> None:
    """Delete the keys that were stored before `before`."""
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))
    await session.execute(delete(StoredAnswerRow).where(StoredAnswerRow.created_at < before))


def _lock_id(key: IdempotencyKey) -> int:
    """The id of the key's advisory lock: 64 bits of a SHA-256."""
    digest = hashlib.sha256(f"{key.institution}\0{key.principal}\0{key.key}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
