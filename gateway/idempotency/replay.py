"""Idempotent execution: a repeated request gets the stored answer."""

from collections.abc import Awaitable, Callable

from gateway.database.connection import AsyncSession
from gateway.idempotency import store
from gateway.idempotency.store import Answer, IdempotencyKey

__all__ = ["Answer", "IdempotencyKey", "run_or_replay"]


async def run_or_replay(
    session: AsyncSession, key: IdempotencyKey | None, work: Callable[[], Awaitable[Answer]]
) -> Answer:
    """The answer of `work`; for a known key the stored answer, and `work` does not run.

    One transaction stores the results of `work` and the answer. Raises IdempotencyBusy and IdempotencyMismatch.
    """
    if key is None:
        return await work()
    answer = await store.lock_and_find(session, key)
    if answer is None:
        answer = await work()
        await store.save(session, key, answer)
    return answer
