"""Request and response bodies of destinations and deliveries."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gateway.database.tables import DestinationRow
from gateway.database.tables.deliveries import DeliveryState
from gateway.database.tables.destinations import DestinationKind
from gateway.http.text_validation import LineText
from gateway.pacs.sending.dicomweb_address import checked_url
from gateway.pacs.sending.store.destinations import Traffic
from gateway.reports.pdf.texts import Language
from gateway.result_objects.encoding import ObjectKind

# PS3.5 6.2: at most 16 characters of the default repertoire, no backslash; blanks at the ends mean nothing
AeTitle = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[ -\[\]-~]{1,16}$")]
HostName = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:-]{1,253}$")]
ServiceUrl = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(checked_url)]


class DestinationSettings(BaseModel):
    """A destination: host, port and called AE title for `dimse`; the URL of the service for `stow`."""

    model_config = ConfigDict(from_attributes=True)

    name: LineText = Field(description="It never changes: rules refer to it.")
    kind: DestinationKind
    host: HostName | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    called_ae: AeTitle | None = None
    tls: bool = False
    url: ServiceUrl | None = Field(None, description="Without /studies at its end.")
    credential: LineText | None = Field(None, description="The name of a secret in TURNSTILE_PACS_CREDENTIALS.")
    encodings: list[ObjectKind] = Field(
        [ObjectKind.STRUCTURED_REPORT],
        min_length=1,
        max_length=len(ObjectKind),
        description="The kinds of objects that it gets. It gets the SR too where a result has none of them.",
    )
    language: Language = Field(Language.ENGLISH, description="Of the PDF.")
    by_default: bool = Field(False, description="Whether results whose rule names no destination go there.")
    storage_commitment: bool = Field(False, description="Ask the archive to commit to keep the objects; dimse only.")
    enabled: bool = Field(True, description="When false, its results wait.")

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        dimse = {"host": self.host, "port": self.port, "called_ae": self.called_ae}
        needed, other = (dimse, {"url": self.url}) if self.kind is DestinationKind.DIMSE else ({"url": self.url}, dimse)
        if missing := [name for name, value in needed.items() if value is None]:
            raise ValueError(f"{self.kind} needs {', '.join(missing)}")
        if surplus := [name for name, value in other.items() if value is not None]:
            raise ValueError(f"{self.kind} has no {', '.join(surplus)}")
        if self.kind is DestinationKind.STOW and (self.storage_commitment or self.tls):
            raise ValueError("storage_commitment and tls are for dimse; stow has TLS by its URL")
        if self.kind is DestinationKind.DIMSE and self.credential is not None:
            raise ValueError("credential is for stow")
        if self.credential is not None and (self.url or "").startswith("http:"):
            raise ValueError("a credential is sent by https alone")
        return self

    def as_values(self) -> dict[str, Any]:
        """The columns of the destination's row."""
        values = self.model_dump()
        return {**values, "encodings": list(dict.fromkeys(kind.value for kind in self.encodings))}


class Destination(DestinationSettings):
    """A destination and its state: what waits, what was sent today, what failed, and why it does not answer."""

    id: UUID
    waiting: int = Field(0, description="Deliveries that wait for their turn or for another try.")
    sending: int = 0
    sent_today: int = Field(0, description="Deliveries of today (UTC) that it has stored.")
    uncommitted: int = Field(0, description="Sent ones whose storage commitment is awaited.")
    failed: int = Field(0, description="Deliveries that are given up until they are sent again.")
    oldest_waiting_at: datetime | None = None
    down_since: datetime | None = Field(None, description="Since when it does not answer; null while it does.")
    retry_at: datetime | None = Field(None, description="When it is tried again.")
    error: str | None = Field(None, description="Stable code of why it does not answer.")
    detail: str | None = Field(None, description="The same as text for people.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: DestinationRow, traffic: Traffic) -> Self:
        own = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        return cls(**own, **vars(traffic))


class DestinationList(BaseModel):
    """The destinations of the institution, by name."""

    items: list[Destination]


class EchoResult(BaseModel):
    """Whether the destination answered a test; `error` and `detail` say why not."""

    ok: bool
    seconds: float
    error: str | None = None
    detail: str | None = None


class Delivery(BaseModel):
    """One result on its way to one destination.

    `waiting`: for its turn, or for `next_attempt_at` after an attempt that failed with `error`; `sent`: the archive has
    stored all objects; `committed`: it has also committed to keep them; `failed`: given up until it is sent again.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    scan_id: UUID
    analysis_id: UUID
    destination: str
    state: DeliveryState
    attempt: int = Field(description="How many attempts there were.")
    next_attempt_at: datetime | None = Field(description="Null unless it waits.")
    error: str | None = Field(description="Stable code of why the last attempt failed.")
    detail: str | None = Field(description="The same as text for people.")
    objects: int = Field(
        description="DICOM objects of the result, as far as they are known; 0 before the first attempt."
    )
    objects_stored: int = Field(description="How many of them the archive has stored.")
    sent_at: datetime | None
    committed_at: datetime | None
    created_at: datetime

    @model_validator(mode="after")
    def _has_a_next_attempt_only_while_it_waits(self) -> Self:
        if self.state is not DeliveryState.WAITING:
            self.next_attempt_at = None
        return self
