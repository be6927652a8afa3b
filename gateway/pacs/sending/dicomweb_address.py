"""The URL of a DICOMweb service (PS3.18 8.2): https, or http without a secret."""

from typing import Final
from urllib.parse import SplitResult, urlsplit

SCHEMES: Final = {"https": 443, "http": 80}


def checked_url(url: str) -> str:
    """The URL without a slash at its end; raises ValueError for what is no URL of a service."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("an https or http URL, such as https://pacs.example.org/dicom-web")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user or password in the URL: name a credential of the settings")
    if parts.query or parts.fragment:
        raise ValueError("no query and no fragment")
    port_of(url)
    return url.rstrip("/")


def host_of(url: str) -> str:
    """The host in a checked URL."""
    return urlsplit(url).hostname or ""


def port_of(url: str) -> int:
    """The port in a checked URL, or that of its scheme; raises ValueError."""
    parts = urlsplit(url)
    return parts.port or SCHEMES[parts.scheme]


def at_address(url: str, address: str) -> tuple[str, str]:
    """The same URL with an address in place of the host, and the value of the header Host."""
    parts = urlsplit(url)
    return _with_host(parts, f"[{address}]" if ":" in address else address), parts.netloc


def _with_host(parts: SplitResult, host: str) -> str:
    return parts._replace(netloc=host if parts.port is None else f"{host}:{parts.port}").geturl()
