"""The proxies whose forwarding headers are trusted (`TURNSTILE_TRUSTED_PROXIES`)."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network


class TrustedProxies:
    """Addresses and networks; `address in proxies`."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._networks = tuple(ip_network(host, strict=False) for host in hosts)

    def __contains__(self, address: str) -> bool:
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._networks)
