"""TLS of associations that we request (PS3.15 B.9): the peer's certificate is verified, ours shown if there is one."""

import ssl
from pathlib import Path


def requesting_context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later; the authorities are those of `ca`, else the system's. Raises OSError for unfit files."""
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
