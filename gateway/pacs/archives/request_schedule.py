"""When an archive is asked: so many requests a minute, evenly, within the hours of the day."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Final

from limits import parse

RECHECK_S: Final = 60.0  # the wall clock may be set while we wait


def _local_now() -> datetime:
    return datetime.now().astimezone()


class RequestSchedule:
    """Shared by all that ask one archive in this process."""

    def __init__(
        self,
        rate: str,
        hours: tuple[time, time] | None = None,
        now: Callable[[], datetime] = _local_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`rate` as `120 per minute`; `hours` begin and end in local time, the end may be on the next day."""
        limit = parse(rate)
        self._pause_s = limit.get_expiry() / limit.amount
        self._hours = hours
        self._now = now
        self._sleep = sleep
        self._next_s = 0.0

    async def turn(self) -> None:
        """Return when the next request may be sent."""
        while (wait_s := self.closed_for_s()) > 0:
            await self._sleep(min(wait_s, RECHECK_S))
        now_s = asyncio.get_running_loop().time()
        self._next_s, wait_s = max(now_s, self._next_s) + self._pause_s, max(0.0, self._next_s - now_s)
        if wait_s:
            await self._sleep(wait_s)

    def closed_for_s(self) -> float:
        """Seconds until the hours begin; 0 within them."""
        if self._hours is None:
            return 0.0
        begin, end = self._hours
        now = self._now()
        clock = now.time().replace(tzinfo=None)
        open_now = begin <= clock < end if begin < end else clock >= begin or clock < end
        if open_now:
            return 0.0
        begins = now.replace(hour=begin.hour, minute=begin.minute, second=0, microsecond=0)
        return ((begins if begins > now else begins + timedelta(days=1)) - now).total_seconds()
