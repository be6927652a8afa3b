"""Rate limits of requests: for instance 600 lists a minute for each principal.

    lists = rate_limits.limit("lists", "600 per minute")
    await lists.hit(principal.key)  # counts one; TooManyRequests with Retry-After above the limit

Each process counts in memory and exchanges its counts with PostgreSQL once a second, so a hit waits for no query. A
limit with `at_once` exchanges at each hit, for calls that write to the database anyway. While the database is slow or
away, each process goes by what it knows: the limit holds for each process, and nobody is locked out.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from limits import parse

from gateway.database.connection import Database
from gateway.errors import DatabaseUnavailable, TooManyRequests
from gateway.rate_limits import store
from gateway.rate_limits.sliding_window import SlidingWindow
from gateway.rate_limits.store import Window

log = structlog.get_logger(__name__)

EXCHANGE_INTERVAL_S: Final = 1.0
EXCHANGE_TIMEOUT_S: Final = 0.5  # an exchange takes a few ms; a call waits no longer for a slow database
MAX_KEYS: Final = 50_000  # 15 MB; when more are active at once, the oldest ones are counted from 0 again


class RateLimits:
    """The rate limits of one process; `open_rate_limits` ends its exchanges."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._windows: dict[str, SlidingWindow] = {}
        self._unsent: dict[Window, int] = {}
        self._exchange: asyncio.Task[None] | None = None
        self._timer: asyncio.Task[None] | None = None

    def limit(self, name: str, rate: str, *, at_once: bool = False) -> "RateLimit":
        """The limit with this name, unique in the service; `rate` is for instance `30 per minute`."""
        item = parse(rate)
        return RateLimit(self, name, item.amount, item.get_expiry(), at_once)

    def window_of(self, key: str, limit: int, length_s: int) -> SlidingWindow:
        """The counts of a key."""
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= MAX_KEYS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[key] = SlidingWindow(limit, length_s)
        return window

    def count(self, key: str, window: SlidingWindow, now_s: float) -> None:
        """Count one hit, and exchange it within EXCHANGE_INTERVAL_S."""
        window.hit(now_s)
        hit = _row_of(key, window)
        self._unsent[hit] = self._unsent.get(hit, 0) + 1
        if self._timer is None:
            self._timer = asyncio.create_task(self._exchange_later())

    async def exchange(self) -> None:
        """Exchange the counts now. Returns after EXCHANGE_TIMEOUT_S at the latest, with the exchange still running."""
        with suppress(TimeoutError):
            async with asyncio.timeout(EXCHANGE_TIMEOUT_S):
                if self._exchange is not None:  # it may have begun before the last hit
                    await asyncio.shield(self._exchange)
                await asyncio.shield(self._begin_exchange())

    async def close(self) -> None:
        """End the exchanges."""
        for task in (self._timer, self._exchange):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})

    async def _exchange_later(self) -> None:
        await asyncio.sleep(EXCHANGE_INTERVAL_S)
        self._timer = None
        self._forget_ended_windows()
        await self._begin_exchange()

    def _begin_exchange(self) -> asyncio.Task[None]:
        """The exchange that is running, else a new one."""
        if self._exchange is None:
            self._exchange = asyncio.create_task(self._exchange_once())
            self._exchange.add_done_callback(self._end_exchange)
        return self._exchange

    def _end_exchange(self, _task: asyncio.Task[None]) -> None:
        self._exchange = None

    async def _exchange_once(self) -> None:
        sent, self._unsent = self._unsent, {}
        if not sent:
            return
        try:
            async with self._database.transaction() as session:
                totals = await store.add(session, sent)
        except DatabaseUnavailable as error:
            log.info("rate limits are counted by each process alone", error=error.code)
            return
        except Exception:
            log.exception("rate limits are counted by each process alone")
            return
        for total in totals:
            self._merge(total)

    def _merge(self, total: store.Total) -> None:
        window = self._windows.get(total.window.key)
        if window is not None:
            hit_meanwhile = self._unsent.get(total.window, 0)
            window.merge(total.window.number, total.current + hit_meanwhile, total.previous)

    def _forget_ended_windows(self) -> None:
        now_s = time.time()
        ended = [key for key, window in self._windows.items() if (window.number + 2) * window.length_s < now_s]
        for key in ended:
            del self._windows[key]


@dataclass(frozen=True)
class RateLimit:
    """At most `hits` in `length_s` seconds for each key."""

    limits: RateLimits
    name: str
    hits: int
    length_s: int
    at_once: bool

    async def hit(self, *key: str) -> None:
        """Count one hit of the key; raises TooManyRequests, which is not counted, above the limit."""
        digest = self.digest(*key)
        window = self.limits.window_of(digest, self.hits, self.length_s)
        if wait_s := window.wait_s(time.time()):
            raise _refusal(wait_s)
        self.limits.count(digest, window, time.time())
        if self.at_once:
            await self.limits.exchange()
            if window.is_exceeded(time.time()):
                raise _refusal(window.wait_s(time.time()))

    def digest(self, *key: str) -> str:
        """A hash, since keys are addresses and names of principals; a changed rate counts from 0."""
        parts = (self.name, str(self.hits), str(self.length_s), *key)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@asynccontextmanager
async def open_rate_limits(database: Database) -> AsyncIterator[RateLimits]:
    """The rate limits of a process on this database."""
    limits = RateLimits(database)
    try:
        yield limits
    finally:
        await limits.close()


def _row_of(key: str, window: SlidingWindow) -> Window:
    return Window(key, window.number, datetime.fromtimestamp((window.number + 2) * window.length_s, UTC))


def _refusal(wait_s: float) -> TooManyRequests:
    seconds = max(1, math.ceil(wait_s))
    return TooManyRequests(f"too many requests; wait {seconds} s", {"Retry-After": str(seconds)})
