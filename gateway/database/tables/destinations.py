"""Where results go: archives by C-STORE or STOW-RS, and whether each answers."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Counter, Flag, Id, Moment, one_of


class DestinationKind(StrEnum):
    """How results are sent: by DIMSE (C-STORE) or by DICOMweb (STOW-RS)."""

    DIMSE = "dimse"
    STOW = "stow"


class DestinationRow(Base):
    """One archive. Its name never changes: rules and deliveries refer to it.

    `credential` names a secret of the settings, which is stored nowhere. While it does not answer, `down_since` is set,
    `failures` counts the tries, `error` and `detail` say why, and nothing is sent before `retry_at`.
    """

    __tablename__ = "destinations"

    id: Mapped[Id]
    institution: Mapped[str]
    name: Mapped[str]
    kind: Mapped[DestinationKind] = mapped_column(Text)
    host: Mapped[str | None]
    port: Mapped[int | None]
    called_ae: Mapped[str | None]
    tls: Mapped[Flag]
    url: Mapped[str | None]
    credential: Mapped[str | None]
    encodings: Mapped[list[str]]
    language: Mapped[str]
    by_default: Mapped[Flag]
    storage_commitment: Mapped[Flag]
    enabled: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    down_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    failures: Mapped[Counter]
    error: Mapped[str | None]
    detail: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("institution", "name"),
        CheckConstraint(one_of("kind", DestinationKind), name="kind"),
        CheckConstraint(
            "CASE kind WHEN 'dimse' THEN host IS NOT NULL AND port IS NOT NULL AND called_ae IS NOT NULL"
            " ELSE url IS NOT NULL END",
            name="address",
        ),
    )
