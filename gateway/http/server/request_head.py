"""What a request head must be before it is passed to the application (RFC 9112 3.2, 6.1).

The parser (llhttp in its strict mode) refuses bare line feeds, folded lines, two lengths, and a length beside chunks.
These checks refuse the rest of what a proxy in front and the gateway could read differently.
"""

from collections.abc import Sequence
from typing import Final

from gateway.errors import MalformedRequest
from gateway.http.host_header import host_name

HTTP_1_0: Final = "1.0"
Headers = Sequence[tuple[bytes, bytes]]


def check_head(http_version: str, target_host: bytes | None, headers: Headers) -> None:
    """Raise MalformedRequest for a missing, second or malformed Host, and for a transfer coding other than chunked.

    `target_host` is the host of an absolute request target (`GET http://host/path`), which must be that of Host.
    """
    hosts = _values(headers, b"host")
    if len(hosts) > 1 or (not hosts and http_version != HTTP_1_0):
        raise MalformedRequest("send exactly one Host header")
    host = host_name(hosts[0].decode("latin-1")) if hosts else ""
    if host is None:
        raise MalformedRequest("the Host header is not a host name or address with an optional port")
    if target_host is not None and target_host.decode("latin-1").strip("[]").lower() != host.lower():
        raise MalformedRequest("the request target and the Host header name two hosts")
    codings = [value.strip().lower() for value in _values(headers, b"transfer-encoding")]
    if codings and (codings != [b"chunked"] or http_version == HTTP_1_0):
        raise MalformedRequest("the only Transfer-Encoding that is read is chunked, in HTTP/1.1")


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]
