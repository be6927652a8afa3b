"""Searches for the prior studies of a patient, one for each scan that came from the network."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Flag


class PriorSearchRow(Base):
    """The search after this scan: `ended`, or leased by a process until `leased_until`."""

    __tablename__ = "prior_searches"

    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"), primary_key=True)
    ended: Mapped[Flag]
    leased_until: Mapped[datetime]
