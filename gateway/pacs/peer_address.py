"""Addresses that this service may connect to when an admin names a host: no metadata service, no link-local address.

A host is resolved once, checked, and connected to by the address that was checked, so that a name which resolves to
another address a moment later gains nothing.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

# Metadata services of clouds at addresses that are not link-local: AWS (IPv6), Alibaba, Azure's WireServer.
METADATA: Final = frozenset({ip_address("fd00:ec2::254"), ip_address("100.100.100.200"), ip_address("168.63.129.16")})


class AddressRefused(Exception):
    """The host has an address that this service does not connect to."""


class AddressUnknown(Exception):
    """The host's name is not known to the resolver."""


def check_host(host: str) -> None:
    """Raise AddressRefused for an address that is refused; a name is checked when it is connected to."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return
    _check(address)


def checked_address(host: str, port: int) -> str:
    """The address to connect to, IPv4 first; raises AddressUnknown and AddressRefused. It blocks on the resolver."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressUnknown("the host's name is not known here") from None
    for address in sorted({ip_address(str(one[4][0]).partition("%")[0]) for one in found}, key=_ipv4_first):
        _check(address)
        return str(address)
    raise AddressUnknown("the host's name has no address")


def _check(address: IPv4Address | IPv6Address) -> None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in METADATA:
        raise AddressRefused("link-local, multicast, unspecified and metadata addresses are refused")


def _ipv4_first(address: IPv4Address | IPv6Address) -> tuple[int, int]:
    return address.version, int(address)
