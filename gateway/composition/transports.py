"""The transports to destinations, made from the settings."""

from gateway.pacs.sending.transport import Transports
from gateway.settings.settings import Settings


def create_transports(settings: Settings) -> Transports:
    """How destinations are reached."""
    return Transports(
        settings.pacs_ae_title,
        settings.pacs_send_connect_s,
        settings.pacs_send_answer_s,
        settings.pacs_credentials,
        settings.pacs_send_tls_ca,
        settings.pacs_send_tls_certificate,
        settings.pacs_send_tls_key,
    )
