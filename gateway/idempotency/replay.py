"""A request that is sent twice does its work once."""

from collections.abc import Awaitable, Callable

from gateway.database.connection import AsyncSession
from gateway.idempotency import store
from gateway.idempotency.store import Answer, Key

__all__ = ["Answer", "Key", "once"]


async def once(session: AsyncSession, key: Key | None, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer of `work`; under a key that is known, the answer that was given before, without the work.

    Work and answer are kept by one transaction: no crash leaves one without the other. Raises IdempotencyBusy and
    IdempotencyMismatch.
    """
    if key is None:
        return await work()
    answer = await store.recall(session, key)
    if answer is None:
        answer = await work()
        await store.keep(session, key, answer)
    return answer
