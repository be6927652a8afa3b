"""Settings of results that go out to archives."""

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, SecretStr, model_validator
from pydantic_settings import BaseSettings

from gateway.settings.environment import FROM_ENVIRONMENT

HOUR_S: Final = 3600.0


class SendingSettings(BaseSettings):
    """How results are sent; where they go is in the API: `/api/destinations`. `Settings` includes it."""

    model_config = FROM_ENVIRONMENT

    pacs_send_at_once: NonNegativeInt = 2
    """Results that are sent to one destination at once, by all processes together. With 0 this process sends none."""
    pacs_send_connect_s: PositiveFloat = 10.0
    """Seconds for the connection to an archive and for its answer to an association."""
    pacs_send_answer_s: PositiveFloat = 60.0
    """Seconds for an archive's answer to one object; then the result is sent again later."""
    pacs_send_lease_s: Annotated[float, Field(ge=1.0)] = 30.0
    """Seconds without a sign of life after which another process takes over what a sender was sending."""
    pacs_commitment_s: PositiveFloat = HOUR_S
    """Seconds for an archive's report on storage commitment; without one the result is sent again."""
    pacs_credentials: dict[str, SecretStr] = {}
    """Secrets of DICOMweb destinations by name, as JSON: {"archive": "user:password", "cloud": "Bearer token"}. The
    API and the database hold the names alone."""
    pacs_send_tls_ca: Path | None = None
    """PEM file with the authorities of archives' certificates; by default those of the system."""
    pacs_send_tls_certificate: Path | None = None
    """PEM file with the certificate that we show to archives, for TLS on both sides."""
    pacs_send_tls_key: Path | None = None
    """PEM file with its key; by default it is in the same file."""

    @model_validator(mode="after")
    def _key_needs_a_certificate(self) -> Self:
        if self.pacs_send_tls_key is not None and self.pacs_send_tls_certificate is None:
            raise ValueError("pacs_send_tls_key needs pacs_send_tls_certificate")
        return self
