"""Where a scan came from when no person uploaded it, and where its result goes."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment, one_of


class Source(StrEnum):
    """How a study came: by C-STORE, by STOW-RS, fetched from an archive, or uploaded by a person."""

    DIMSE = "dimse"
    STOW = "stow"
    ARCHIVE = "archive"
    UPLOAD = "upload"


class ScanOriginRow(Base):
    """The origin of a scan from the network. `destinations` null: those that results go to by default."""

    __tablename__ = "scan_origins"

    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"), primary_key=True)
    institution: Mapped[str]
    source: Mapped[Source] = mapped_column(Text)
    sender: Mapped[str]
    rule: Mapped[str | None]
    destinations: Mapped[list[str] | None]
    received_at: Mapped[Moment]

    __table_args__ = (CheckConstraint(one_of("source", Source), name="source"),)
