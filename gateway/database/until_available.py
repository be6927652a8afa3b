"""A call that is repeated while PostgreSQL does not answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from gateway.errors import DatabaseUnavailable

T = TypeVar("T")

RETRY_S: Final = 0.5


async def until_database_answers(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat the call until PostgreSQL answers; the call itself finds out when its lease was lost meanwhile."""
    while True:
        try:
            return await call()
        except DatabaseUnavailable:
            await asyncio.sleep(RETRY_S)
