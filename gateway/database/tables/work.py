"""Analyses, the attempts at each, the reports that they end in, and what radiologists say of those."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Counter, Flag, Id, Moment, Version, one_of
from gateway.database.tables.records import VERDICTS


class AnalysisState(StrEnum):
    """Where an analysis stands; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (AnalysisState.QUEUED, AnalysisState.RUNNING)


class AnalysisRow(Base):
    """One request to screen a scan. `attempt` is the fence: a worker that lost its turn holds an older number."""

    __tablename__ = "analyses"

    id: Mapped[Id]
    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"))
    institution: Mapped[str]
    state: Mapped[str] = mapped_column(default=AnalysisState.QUEUED, server_default=AnalysisState.QUEUED)
    stage: Mapped[str | None]
    slices_done: Mapped[Counter]
    slices_total: Mapped[Counter]
    urgent: Mapped[Flag]
    attempt: Mapped[Counter]
    cancel_requested: Mapped[Flag]
    model_card: Mapped[str | None]
    error: Mapped[str | None]
    detail: Mapped[str | None]
    requested_by: Mapped[str]
    queued_at: Mapped[Moment]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(one_of("state", AnalysisState), name="state"),
        Index("ix_analyses_of_scan", "scan_id", "queued_at", "id"),
        Index("uq_analyses_unfinished", "scan_id", unique=True, postgresql_where=one_of("state", UNFINISHED)),
        Index("ix_analyses_unfinished", "state", "queued_at", postgresql_where=one_of("state", UNFINISHED)),
    )


class AttemptRow(Base):
    """One worker's turn at an analysis."""

    __tablename__ = "attempts"

    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analyses.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    model_card: Mapped[str | None]
    worker: Mapped[str]
    started_at: Mapped[Moment]
    heartbeat_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]
    timings: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    detail: Mapped[str | None]


class ReportRow(Base):
    """What an analysis ended in; exactly one for each that is done or failed."""

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
    """Whether a radiologist agrees with a report; one word a person and report, the last one stands."""

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
