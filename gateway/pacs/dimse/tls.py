"""TLS of associations, by the profile BCP 195 of PS3.15 B.9 and later: version 1.2 or newer."""

import ssl
from pathlib import Path

from gateway.errors import GatewayError


class TlsUnusable(GatewayError):
    """A certificate or key of the settings cannot be used."""

    code, status = "tls_unusable", 500


def server_context(certificate: Path, key: Path | None, client_ca: Path | None) -> ssl.SSLContext:
    """The context of a listener; with `client_ca` a sender must show a certificate. Raises TlsUnusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise TlsUnusable("the certificate, the key or the client CA of the DICOM listener cannot be read") from error
    return context
