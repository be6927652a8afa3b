"""The Host header: a host name, an IPv4 address or an IPv6 address in brackets, and perhaps a port (RFC 9112 3.2)."""

import re
from typing import Final

# No user (`user@host`), path, list, zone id or letters beyond ASCII: two readers of such a value see two hosts.
_HOST: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")


def host_and_port(value: str) -> tuple[str, int | None] | None:
    """The host of a Host header, IPv6 without brackets, and the port if it has one; None when it is malformed."""
    match = _HOST.fullmatch(value)
    return None if match is None else (match["name"].strip("[]"), int(match["port"]) if match["port"] else None)


def host_name(value: str) -> str | None:
    """The host of a Host header without its port, IPv6 without brackets; None when the value is malformed."""
    found = host_and_port(value)
    return None if found is None else found[0]
