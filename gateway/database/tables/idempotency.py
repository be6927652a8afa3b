"""Idempotency keys, with references to the records that their requests created."""

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment


class IdempotencyRow(Base):
    """One idempotency key of one principal, as a hash, and the patient or the scan that its request created.

    `fingerprint` is a hash of the request. A trigger sets it null when the record is deleted: a name can be guessed and
    its hash compared.
    """

    __tablename__ = "idempotency_references"

    institution: Mapped[str] = mapped_column(primary_key=True)
    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str | None]
    record_id: Mapped[UUID]
    created_at: Mapped[Moment]

    __table_args__ = (
        Index("ix_idempotency_references_created_at", "created_at"),
        Index("ix_idempotency_references_record_id", "record_id"),
    )


class StoredAnswerRow(Base):
    """An answer that release 0.1 stored with its key: its gateways may still write some during an upgrade."""

    __tablename__ = "idempotency_keys"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int]
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    created_at: Mapped[Moment]

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)
