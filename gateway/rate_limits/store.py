"""The counts of all gateway processes. A row is one window of one key, which is stored as a hash."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.database.tables.rate_limits import RateLimitRow

# In the order of the keys, so that two processes that add to the same rows never wait for each other in a circle.
ADD: Final = text("""
WITH added AS (
    INSERT INTO rate_limit_counts AS known (key, number, hits, expires_at)
    SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:numbers AS bigint[]), CAST(:hits AS integer[]),
                         CAST(:expires_at AS timestamptz[]))
    ORDER BY 1, 2
    ON CONFLICT (key, number) DO UPDATE SET hits = known.hits + excluded.hits
    RETURNING key, number, expires_at, hits
)
SELECT added.key, added.number, added.expires_at, added.hits, coalesce(previous.hits, 0)
FROM added LEFT JOIN rate_limit_counts AS previous ON previous.key = added.key AND previous.number = added.number - 1
""")


@dataclass(frozen=True)
class Window:
    """One window of one key; its row is useless after `expires_at`."""

    key: str
    number: int
    expires_at: datetime = field(compare=False)


@dataclass(frozen=True)
class Total:
    """The hits of all processes in a window and in the one before it."""

    window: Window
    current: int
    previous: int


async def add(session: AsyncSession, hits: Mapping[Window, int]) -> tuple[Total, ...]:
    """Add the hits of this process; return the totals of the same windows, in one round trip."""
    windows = list(hits)
    rows = await session.execute(
        ADD,
        {
            "keys": [window.key for window in windows],
            "numbers": [window.number for window in windows],
            "hits": [hits[window] for window in windows],
            "expires_at": [window.expires_at for window in windows],
        },
    )
    return tuple(Total(Window(key, number, expires_at), hits, before) for key, number, expires_at, hits, before in rows)


async def delete_expired(session: AsyncSession, now: datetime) -> None:
    """Delete the rows of windows that count no longer."""
    await session.execute(delete(RateLimitRow).where(RateLimitRow.expires_at < now))
