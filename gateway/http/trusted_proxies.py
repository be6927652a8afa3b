"""The proxies whose forwarding headers are trusted (`TURNSTILE_TRUSTED_PROXIES`), as the middleware reads them."""

from collections.abc import Sequence

from uvicorn.middleware.proxy_headers import _TrustedHosts


class TrustedProxies:
    """Addresses and networks, or `*` alone for every address; `address in proxies`."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = _TrustedHosts(list(hosts))

    def __contains__(self, address: str) -> bool:
        return address in self._hosts
