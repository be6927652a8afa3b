"""How often one asker may knock: moving windows in memory, each gateway counting for itself."""

import ipaddress
import math
import time
from typing import Final

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from gateway.errors import TooManyRequests

IPV6_HOME: Final = 64  # one subscriber has 2**64 addresses


class RateLimit:
    """At most so many in so long, for each who."""

    def __init__(self, words: str) -> None:
        self._item: RateLimitItem = parse(words)
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def spend(self, *who: str) -> None:
        """Count one; raises TooManyRequests, with the seconds to wait, when there were too many."""
        if not await self._window.hit(self._item, *who):
            raise await self._refusal(who)

    async def _refusal(self, who: tuple[str, ...]) -> TooManyRequests:
        reset_s = (await self._window.get_window_stats(self._item, *who)).reset_time
        wait_s = max(1, math.ceil(reset_s - time.time()))
        return TooManyRequests(f"too many requests; wait {wait_s} s", {"Retry-After": str(wait_s)})


def rate_limit_key(address: str) -> str:
    """The address, or for IPv6 the network of one subscriber."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ipaddress.ip_network((ip, IPV6_HOME), strict=False))
