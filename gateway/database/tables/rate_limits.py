"""The hits that rate limits count."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base


class RateLimitRow(Base):
    """The hits of all gateway processes in one window of one key, a hash of the limit and of who is counted."""

    __tablename__ = "rate_limit_counts"

    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hits: Mapped[int]
    expires_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_rate_limit_counts_expires_at", "expires_at"),
        {"prefixes": ["UNLOGGED"]},  # not written to the WAL: counts of a minute need not survive a crash
    )
