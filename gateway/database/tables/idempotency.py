"""Idempotency keys and the stored responses that are replayed."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment


class IdempotencyRow(Base):
    """One idempotency key of one principal, and the response to its request."""

    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int]
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    created_at: Mapped[Moment]

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)
