"""Reports, and the feedback of radiologists on them."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Id, Moment, Version, one_of
from gateway.database.tables.records import VERDICTS


class ReportRow(Base):
    """The report of an analysis; exactly one for each that is done or failed."""

    __tablename__ = "reports"

    id: Mapped[Id]
    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), unique=True)
    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"))
    institution: Mapped[str]
    model_card: Mapped[str | None]
    verdict: Mapped[str]
    probability: Mapped[float | None]
    finding: Mapped[str | None]
    version: Mapped[Version]
    body: Mapped[dict[str, Any]]
    evidence_key: Mapped[str | None]
    created_at: Mapped[Moment]

    __table_args__ = (
        CheckConstraint(one_of("verdict", VERDICTS), name="verdict"),
        Index("ix_reports_of_scan", "scan_id", "created_at", "id"),
    )


class FeedbackRow(Base):
    """Feedback of a user on a report; the last one replaces earlier ones."""

    __tablename__ = "feedback"

    id: Mapped[Id]
    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"))
    institution: Mapped[str]
    user_key: Mapped[str]
    agrees: Mapped[bool]
    finding: Mapped[str | None]
    comment: Mapped[str | None]
    report_version: Mapped[int]
    created_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("report_id", "user_key"),
        Index("ix_feedback_newest", "institution", "agrees", "created_at", "id"),
        Index("ix_feedback_of_scan", "scan_id"),
    )
