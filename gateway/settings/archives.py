"""Settings of the archives that studies are fetched from: address, credentials by name, and how politely."""

import re
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, model_validator
from pydantic_settings import BaseSettings

from gateway.settings.ae_title import AeTitle
from gateway.settings.auth import RateLimitText, Url
from gateway.settings.environment import FROM_ENVIRONMENT

VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_HOURS: Final = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


def _variable(name: str) -> str:
    if not VARIABLE.fullmatch(name):
        raise ValueError("give the name of an environment variable, in capital letters, not the secret itself")
    return name


def _parsed_hours(value: Any) -> Any:
    """`20:00-06:00` as two times of the day."""
    if not isinstance(value, str):
        return value
    match = _HOURS.fullmatch(value.strip())
    if match is None:
        raise ValueError("give the hours as 20:00-06:00, in the local time of this machine")
    return time.fromisoformat(match[1]), time.fromisoformat(match[2])


Variable = Annotated[str, AfterValidator(_variable)]
Hours = Annotated[tuple[time, time], BeforeValidator(_parsed_hours)]


class _Politeness(BaseModel):
    """How much an archive is asked for; the same for both kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: RateLimitText = "120 per minute"
    hours: Hours | None = None  # of the day, local time; the whole day without them
    at_once: Annotated[int, Field(ge=1, le=16)] = 2
    timeout_s: PositiveFloat = 60.0  # without a word from the archive


class DimseArchiveSettings(_Politeness):
    """An archive that is asked by C-FIND, and sends by C-GET, or by C-MOVE to `calling_ae_title` on `store_port`."""

    kind: Literal["dimse"] = "dimse"
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    ae_title: AeTitle
    calling_ae_title: AeTitle = "TURNSTILE"
    retrieve: Literal["get", "move"] = "get"
    store_host: str = "127.0.0.1"
    store_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: bool = False
    tls_ca: Path | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    @model_validator(mode="after")
    def _move_needs_a_port(self) -> Self:
        if self.retrieve == "move" and self.store_port is None:
            raise ValueError("retrieve by move needs store_port, where the archive sends the images")
        if (self.tls_ca or self.tls_certificate or self.tls_key) and not self.tls:
            raise ValueError("tls_ca, tls_certificate and tls_key need tls: true")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        return self


class DicomwebArchiveSettings(_Politeness):
    """An archive with QIDO-RS and WADO-RS. Its secret is in the environment variable that is named here."""

    kind: Literal["dicomweb"]
    url: Url
    user: str | None = None
    password_variable: Variable | None = None
    token_variable: Variable | None = None
    tls_ca: Path | None = None

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if (self.user is None) != (self.password_variable is None):
            raise ValueError("user and password_variable belong together")
        if self.user is not None and self.token_variable is not None:
            raise ValueError("give a user or a token, not both")
        return self


AnyArchiveSettings = Annotated[DimseArchiveSettings | DicomwebArchiveSettings, Field(discriminator="kind")]


class ArchiveSettings(BaseSettings):
    """The archives that `turnstile pacs find`, `pull` and `screen` know; `Settings` includes it."""

    model_config = FROM_ENVIRONMENT

    pacs_archives: dict[str, AnyArchiveSettings] = {}
    """Archives by name, as JSON: {"pacs": {"kind": "dimse", "host": "pacs", "port": 104, "ae_title": "PACS"}}. See
    docs/pacs.md."""
    pacs_priors_archive: str | None = None
    """Archive of `pacs_archives` from which earlier CT of a patient is fetched, once a study that came from the network
    was screened. None by default."""
    pacs_priors_years: Annotated[int, Field(ge=1, le=100)] = 5
    """Years before today of which prior studies are fetched."""
    pacs_priors_studies: Annotated[int, Field(ge=1, le=100)] = 2
    """Most prior studies of a patient that are fetched at once, the newest."""
    pacs_priors_analysed: bool = False
    """Whether prior studies are analysed, without urgency; else they are only kept. Their results are sent nowhere."""

    @model_validator(mode="after")
    def _priors_come_from_an_archive(self) -> Self:
        if self.pacs_priors_archive is not None and self.pacs_priors_archive not in self.pacs_archives:
            raise ValueError("pacs_priors_archive names no archive of pacs_archives")
        return self
