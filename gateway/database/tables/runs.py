"""Mass runs: the uploads that were enqueued under one name, so that none is enqueued twice."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Id, Moment


class RunRow(Base):
    """A mass run, by its name; `uploads` is the number of uploads that its sources were found to hold."""

    __tablename__ = "runs"

    id: Mapped[Id]
    institution: Mapped[str]
    name: Mapped[str]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id", ondelete="SET NULL"))
    uploads: Mapped[int] = mapped_column(default=0, server_default="0")
    requested_by: Mapped[str]
    created_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("institution", "name"),
        Index("ix_runs_of_patient", "patient_id"),
    )


class RunItemRow(Base):
    """One upload of a run: its scan, or the error of its upload; neither once its scan was deleted.

    `key` is the sha256 of `item`, the upload's path or URL. `item` may name a patient: a trigger deletes it with the
    scan.
    """

    __tablename__ = "run_items"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity())
    item: Mapped[str | None]
    scan_id: Mapped[UUID | None] = mapped_column(ForeignKey("scans.id", ondelete="SET NULL"))
    error: Mapped[str | None]
    detail: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("scan_id IS NULL OR error IS NULL", name="outcome"),
        Index("ix_run_items_in_order", "run_id", "number"),
        Index("ix_run_items_of_scan", "scan_id"),
    )
