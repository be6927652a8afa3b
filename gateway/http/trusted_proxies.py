"""The proxies whose forwarding headers are trusted (`TURNSTILE_TRUSTED_PROXIES`), read as uvicorn reads them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

ALL = "*"


class TrustedProxies:
    """Addresses and networks, or `*` for every address; `address in proxies`. Other text names no address."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._all = ALL in hosts
        self._networks = tuple(_networks(hosts))

    def __contains__(self, address: str) -> bool:
        if self._all:
            return True
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._networks)


def _networks(hosts: Sequence[str]) -> Iterator[IPv4Network | IPv6Network]:
    for host in hosts:
        with suppress(ValueError):
            yield ip_network(host)
