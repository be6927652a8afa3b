"""The part of a client's address that a rate limit counts."""

import ipaddress
from typing import Final

IPV6_PREFIX_BITS: Final = 64  # one subscriber has a /64 network: 2**64 addresses


def client_network(address: str) -> str:
    """The address; for IPv6 its /64 network, which belongs to one subscriber."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:  # all of IPv4 is one /64 network there
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, IPV6_PREFIX_BITS), strict=False))
