"""Deliveries: the result of one analysis on its way to one destination; and reports that are not planned yet."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Counter, Id, Moment, one_of


class DeliveryState(StrEnum):
    """The state of a delivery: `committed` is only reached where the destination is asked for storage commitment."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    COMMITTED = "committed"
    FAILED = "failed"


OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


class DeliveryRow(Base):
    """One result for one destination, by its name: it may have been deleted.

    `attempt` is the fencing token of the lease that ends at `leased_until`; `failures` counts the attempts that count
    for the retry schedule. `transaction_uid` and `commitment_due_at` belong to a storage commitment that is awaited.
    """

    __tablename__ = "deliveries"

    id: Mapped[Id]
    institution: Mapped[str]
    destination: Mapped[str]
    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"))
    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"))
    state: Mapped[DeliveryState] = mapped_column(Text, default=DeliveryState.WAITING, server_default="waiting")
    urgent: Mapped[bool] = mapped_column(default=False, server_default="false")
    attempt: Mapped[Counter]
    failures: Mapped[Counter]
    next_attempt_at: Mapped[Moment]
    leased_until: Mapped[datetime | None]
    error: Mapped[str | None]
    detail: Mapped[str | None]
    objects: Mapped[Counter]
    objects_stored: Mapped[Counter]
    transaction_uid: Mapped[str | None]
    commitment_due_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    committed_at: Mapped[datetime | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("analysis_id", "destination"),
        CheckConstraint(one_of("state", DeliveryState), name="state"),
        Index(
            "ix_deliveries_open",
            *("institution", "destination", "next_attempt_at"),
            postgresql_where=one_of("state", OPEN),
        ),
        Index("ix_deliveries_newest", "institution", "created_at", "id"),
        Index("ix_deliveries_of_scan", "scan_id"),
        Index("ix_deliveries_state", "institution", "destination", "state", "updated_at"),
        Index("uq_deliveries_transaction_uid", "transaction_uid", unique=True),
    )


class UnplannedReportRow(Base):
    """A report whose deliveries are not planned yet; a trigger writes the row in the report's transaction.

    It refers to nothing, so that planning and the deletion of a scan never wait for each other.
    """

    __tablename__ = "unplanned_reports"

    analysis_id: Mapped[UUID] = mapped_column(primary_key=True)
    scan_id: Mapped[UUID]
    created_at: Mapped[Moment]
