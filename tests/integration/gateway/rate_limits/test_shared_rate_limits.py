"""Rate limits that several processes share through PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from gateway.database.connection import Database
from gateway.errors import TooManyRequests
from gateway.rate_limits import rate_limit, store
from gateway.rate_limits.rate_limit import RateLimit, RateLimits, open_rate_limits

NOWHERE = "postgresql://127.0.0.1:9/turnstile"  # the discard port


@pytest_asyncio.fixture
async def two(database: Database) -> AsyncIterator[tuple[RateLimits, RateLimits]]:
    """The limits of two processes on one database."""
    async with open_rate_limits(database) as one, open_rate_limits(database) as other:
        yield one, other


async def passes(limit: RateLimit, key: str) -> bool:
    try:
        await limit.hit(key)
    except TooManyRequests:
        return False
    return True


async def counted(database: Database, key: str) -> int:
    """The hits of a key that PostgreSQL knows of."""
    async with database.transaction() as session:
        query = text("SELECT coalesce(sum(hits), 0) FROM rate_limit_counts WHERE key = :key")
        return int(await session.scalar(query, {"key": key}) or 0)


async def test_two_processes_count_together_at_once(two: tuple[RateLimits, RateLimits]) -> None:
    one, other = (limits.limit("guesses", "5 per minute", at_once=True) for limits in two)
    passed = [await passes(limit, "a") for limit in (one, other) * 6]
    assert sum(passed) == 5
    assert all(passed[:5])
    assert await passes(other, "b"), "each key is counted on its own"


async def test_concurrent_hits_of_two_processes_are_all_counted(two: tuple[RateLimits, RateLimits]) -> None:
    one, other = (limits.limit("crowd", "20 per minute", at_once=True) for limits in two)
    passed = await asyncio.gather(*(passes(limit, "a") for limit in (one, other) * 30))
    assert 0 < sum(passed) <= 20
    assert not await passes(one, "a") or not await passes(other, "a")


async def test_without_at_once_no_hit_waits_for_the_database(
    two: tuple[RateLimits, RateLimits], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("a query in the path of a hit")

    one, other = (limits.limit("lists", "3 per minute") for limits in two)
    with monkeypatch.context() as patched:
        patched.setattr(store, "add", refuse)
        assert [await passes(one, "a") for _ in range(4)] == [True, True, True, False]
    await two[0].exchange()
    assert await passes(other, "a"), "the other process does not know yet"
    await two[1].exchange()
    assert not await passes(other, "a")


async def test_hits_are_exchanged_by_themselves(
    two: tuple[RateLimits, RateLimits], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "EXCHANGE_INTERVAL_S", 0.01)
    one, other = (limits.limit("by itself", "2 per day") for limits in two)
    assert await passes(one, "a")
    assert await passes(one, "a")
    async with asyncio.timeout(60):
        while await counted(database, one.digest("a")) < 2:  # noqa: ASYNC110 - nothing tells of an exchange
            await asyncio.sleep(0.02)
        assert await passes(other, "a")
        window = other.limits.window_of(other.digest("a"), other.hits, other.length_s)
        while not window.is_exceeded(time.time()):  # noqa: ASYNC110 - nothing tells of an exchange
            await asyncio.sleep(0.02)


async def test_without_a_database_each_process_counts_alone_and_nobody_waits() -> None:
    database = Database(NOWHERE)
    try:
        async with open_rate_limits(database) as limits:
            limit = limits.limit("guesses", "3 per minute", at_once=True)
            assert [await passes(limit, "a") for _ in range(4)] == [True, True, True, False]
            assert await passes(limit, "b")
    finally:
        await database.close()


async def test_a_slow_database_delays_a_hit_by_the_timeout_at_most(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "EXCHANGE_TIMEOUT_S", 0.05)
    never = asyncio.Event()

    async def hang(*_: object) -> None:
        await never.wait()

    monkeypatch.setattr(store, "add", hang)
    async with open_rate_limits(database) as limits, asyncio.timeout(30):
        limit = limits.limit("slow", "3 per minute", at_once=True)
        assert [await passes(limit, "a") for _ in range(4)] == [True, True, True, False]


async def test_the_table_holds_no_address_and_no_ended_window(
    two: tuple[RateLimits, RateLimits], database: Database
) -> None:
    await two[0].limit("secret", "5 per minute", at_once=True).hit("198.51.100.77")
    async with database.transaction() as session:
        rows = "".join(await session.scalars(text("SELECT rate_limit_counts::text FROM rate_limit_counts")))
        assert rows
        assert "198.51.100.77" not in rows
        await store.delete_expired(session, datetime.now(UTC) + timedelta(days=3))
        assert not (await session.scalars(text("SELECT key FROM rate_limit_counts"))).all()


async def test_keys_without_number_do_not_fill_the_memory(
    two: tuple[RateLimits, RateLimits], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "MAX_KEYS", 10)
    limit = two[0].limit("many", "1 per minute")
    for number in range(50):
        assert await passes(limit, str(number))
    assert len(two[0]._windows) == 10
