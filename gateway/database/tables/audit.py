"""Audit events: who read, created, changed, deleted or exported what; triggers refuse every change."""

from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment


class _EventColumns:
    """What an event says. `detail` never names a patient."""

    at: Mapped[Moment]
    actor: Mapped[str]
    actor_kind: Mapped[str]
    role: Mapped[str]
    institution: Mapped[str]
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[str | None]
    outcome: Mapped[str]
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]]


class AuditRow(_EventColumns, Base):
    """One event in the chain, with the hash of the event before it."""

    __tablename__ = "audit_events"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    previous_hash: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (
        Index("ix_audit_events_institution", "institution", "seq"),
        Index("ix_audit_events_entity", "entity", "entity_id"),
    )


class PendingAuditRow(_EventColumns, Base):
    """One event that waits to be sealed into the chain; `canonical` is what its hash covers."""

    __tablename__ = "audit_pending"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    canonical: Mapped[str]
