"""Rate limits: moving windows in memory. Each gateway process counts for itself."""

import ipaddress
import math
import time
from typing import Final

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from gateway.errors import TooManyRequests

IPV6_PREFIX_BITS: Final = 64  # one subscriber has a /64 network: 2**64 addresses


class RateLimit:
    """At most so many requests in so long for each key, for instance `30 per minute`."""

    def __init__(self, rate: str) -> None:
        self._item: RateLimitItem = parse(rate)
        self._window = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, *key: str) -> None:
        """Count one request; raises TooManyRequests, with Retry-After in seconds, above the limit."""
        if not await self._window.hit(self._item, *key):
            raise await self._refusal(key)

    async def _refusal(self, key: tuple[str, ...]) -> TooManyRequests:
        reset_s = (await self._window.get_window_stats(self._item, *key)).reset_time
        wait_s = max(1, math.ceil(reset_s - time.time()))
        return TooManyRequests(f"too many requests; wait {wait_s} s", {"Retry-After": str(wait_s)})


def rate_limit_key(address: str) -> str:
    """The address; for IPv6 its /64 network, which belongs to one subscriber."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ipaddress.ip_network((ip, IPV6_PREFIX_BITS), strict=False))
