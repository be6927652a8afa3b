"""Settings of the hospital's network: which studies are received by DICOM and DICOMweb, and within which limits."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, model_validator
from pydantic_settings import BaseSettings

from gateway.settings.ae_title import AeTitle, checked_ae_title
from gateway.settings.auth import CommaSeparated, is_loopback
from gateway.settings.environment import FROM_ENVIRONMENT
from gateway.text_rule import checked_name

GIB: Final = 2**30
ANY_AE_TITLE: Final = "*"

Port = Annotated[int, Field(ge=0, le=65535)]


def _checked_ae_titles(titles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(checked_ae_title(title) for title in titles)


class ReceivingSettings(BaseSettings):
    """The listener and what it receives; `Settings` includes it."""

    model_config = FROM_ENVIRONMENT

    pacs_listen: bool = False
    """Whether `turnstile up` also receives studies by C-STORE. `turnstile pacs listen` always does."""
    pacs_host: str = "127.0.0.1"
    """Address that the DICOM listener listens on."""
    pacs_port: Port = 11112
    """Port that the DICOM listener listens on; 0 picks a free one."""
    pacs_ae_title: AeTitle = "TURNSTILE"
    """Our AE title, as listener and as sender; an association that calls another one is rejected."""
    pacs_calling_ae_titles: Annotated[CommaSeparated, AfterValidator(_checked_ae_titles)] = ()
    """AE titles that may send, comma-separated. On a loopback address none means any; on another one a list is required
    (`*` for any)."""
    pacs_institution: Annotated[str, AfterValidator(checked_name)] | None = None
    """Institution of what the listener receives; by default `TURNSTILE_INSTITUTION`."""
    pacs_other_objects: Literal["store", "refuse"] = "store"
    """What happens to objects that are no CT images: `store` keeps them with their study, `refuse` rejects their SOP
    classes in the negotiation."""
    pacs_complete_after_s: PositiveFloat = 30.0
    """Seconds without a new instance, over all associations and listeners, after which a study is complete."""
    pacs_associations: PositiveInt = 20
    """Most associations at once in one process; a further one is rejected with `local limit exceeded`."""
    pacs_pdu_bytes: Annotated[int, Field(ge=4096, le=2**20)] = 2**17
    """Largest P-DATA-TF PDU that a sender may send, in bytes."""
    pacs_idle_s: PositiveFloat = 60.0
    """Seconds without a PDU after which an association is aborted, and seconds in which one PDU must arrive."""
    pacs_request_s: PositiveFloat = 15.0
    """Seconds from the connection to the association request, TLS included (ARTIM)."""
    pacs_instance_bytes: PositiveInt = 2 * GIB
    """Largest instance in bytes; a larger one is refused with A700."""
    pacs_study_instances: PositiveInt = 10_000
    """Most instances of one study; a further one is refused with A700. At most `TURNSTILE_MAX_MEMBERS` are screened."""
    pacs_study_bytes: PositiveInt = 4 * GIB
    """Most bytes of one study; a further instance is refused with A700."""
    pacs_tls_certificate: Path | None = None
    """PEM file with the listener's certificate and its chain. With it, only TLS (1.2 or newer) is accepted."""
    pacs_tls_key: Path | None = None
    """PEM file with the key of the certificate; by default it is in the same file."""
    pacs_tls_client_ca: Path | None = None
    """PEM file with the authorities of client certificates. With it, a sender must show a certificate of theirs."""
    pacs_metrics_port: Port | None = None
    """Port on which `turnstile pacs listen` serves `/readyz` and its metrics for Prometheus; none by default."""

    @model_validator(mode="after")
    def _open_port_names_its_senders(self) -> Self:
        if not is_loopback(self.pacs_host) and not self.pacs_calling_ae_titles:
            raise ValueError(f"pacs_host {self.pacs_host} is open to others: set pacs_calling_ae_titles")
        if self.pacs_tls_certificate is None and (self.pacs_tls_key or self.pacs_tls_client_ca):
            raise ValueError("pacs_tls_key and pacs_tls_client_ca need pacs_tls_certificate")
        return self
