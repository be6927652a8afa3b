"""Answers that were given once and are given again when the same request comes again."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment


class IdempotencyRow(Base):
    """One key of one principal, and the answer to the request that it stands for."""

    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int]
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    created_at: Mapped[Moment]

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)
