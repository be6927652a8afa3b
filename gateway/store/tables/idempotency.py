"""Answers that were given once and are given again when the same request comes again."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.tables.base import Base, Moment


class IdempotencyRow(Base):
    """One key of one principal; `status` is empty while the first request is still in work."""

    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[Moment]

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)
