"""Senders whose associations or instances were refused, for the admin who looks why nothing comes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, one_of
from gateway.database.tables.scan_origins import Source


class RefusedSenderRow(Base):
    """Refusals of one sender for one reason; the number begins anew after a day without one."""

    __tablename__ = "refused_senders"

    institution: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[Source] = mapped_column(Text, primary_key=True)
    sender: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    refusals: Mapped[int]
    last_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(one_of("source", Source), name="source"),
        Index("ix_refused_senders_newest", "institution", "last_at"),
    )
