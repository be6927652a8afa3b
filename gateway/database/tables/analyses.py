"""Analyses, and the attempts at each."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Counter, Flag, Id, Moment, one_of


class AnalysisState(StrEnum):
    """The state of an analysis; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (AnalysisState.QUEUED, AnalysisState.RUNNING)


class AnalysisRow(Base):
    """One request to screen a scan. `attempt` is the fencing token: a worker without the lease has an older number."""

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
    paused_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(one_of("state", AnalysisState), name="state"),
        Index("ix_analyses_of_scan", "scan_id", "queued_at", "id"),
        Index("uq_analyses_unfinished", "scan_id", unique=True, postgresql_where=one_of("state", UNFINISHED)),
        Index(
            "ix_analyses_fair_order",
            *("urgent", "institution", "requested_by", "queued_at", "id"),
            postgresql_where=one_of("state", [AnalysisState.QUEUED]),
        ),
        Index("ix_analyses_unfinished", "state", "queued_at", postgresql_where=one_of("state", UNFINISHED)),
    )


class AttemptRow(Base):
    """One worker's attempt at an analysis; `heartbeat_at` renews its lease."""

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
