"""Mass runs: which uploads were put into the queue under one name, so that none is put in twice."""

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Id, Moment


class RunRow(Base):
    """A run, by its name; `uploads` is how many it is to have, as far as its sources were looked through."""

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
    """One upload of a run: a scan, or why it could not become one; neither once its scan was deleted.

    `key` is the sha256 of `item`, the upload's path or URL. It may name a patient: a trigger forgets it with the scan.
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
