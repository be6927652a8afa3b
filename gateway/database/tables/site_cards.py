"""Model cards that were calibrated on a site's own studies."""

from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment


class SiteCardRow(Base):
    """One card of one institution. It is never changed: its version follows from its content."""

    __tablename__ = "site_cards"

    institution: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[dict[str, Any]]
    created_at: Mapped[Moment]
    created_by: Mapped[str]

    __table_args__ = (CheckConstraint("version LIKE 'site-%'", name="version"),)
