"""What a request head must be before it is passed to the application (RFC 9112 3.2, 6.1).

The parser (llhttp in its strict mode) refuses bare line feeds, folded lines, two lengths, and a length beside chunks.
These checks refuse the rest of what a proxy in front and the gateway could read differently.
"""

from collections.abc import Sequence
from typing import Any, Final

import httptools

from gateway.errors import MalformedRequest
from gateway.http.host_header import host_and_port

HTTP_1_0: Final = "1.0"
DEFAULT_PORTS: Final = {b"http": 80, b"https": 443}
Headers = Sequence[tuple[bytes, bytes]]


def check_head(http_version: str, target: bytes, headers: Headers) -> None:
    """Raise MalformedRequest for a missing, second or malformed Host, and for a transfer coding other than chunked.

    An absolute request target (`GET http://host:port/path`) must name the host and the port of Host, and no user.
    """
    hosts = _values(headers, b"host")
    if len(hosts) > 1 or (not hosts and http_version != HTTP_1_0):
        raise MalformedRequest("send exactly one Host header")
    host = host_and_port(hosts[0].decode("latin-1")) if hosts else ("", None)
    if host is None:
        raise MalformedRequest("the Host header is not a host name or address with an optional port")
    if not _names_host(httptools.parse_url(target), *host):
        raise MalformedRequest("the request target and the Host header name two hosts")
    codings = [value.strip().lower() for value in _values(headers, b"transfer-encoding")]
    if codings and (codings != [b"chunked"] or http_version == HTTP_1_0):
        raise MalformedRequest("the only Transfer-Encoding that is read is chunked, in HTTP/1.1")


def _names_host(target: Any, name: str, port: int | None) -> bool:
    """Whether a target names this host alone (RFC 9112 3.2.2), without a user (RFC 9110 4.2.4), or names none."""
    if target.host is None:
        return True
    default = DEFAULT_PORTS.get(target.schema.lower())
    same_port = (default if target.port is None else target.port) == (default if port is None else port)
    return same_port and target.userinfo is None and target.host.decode("latin-1").lower() == name.lower()


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]
