"""The settings of an institution, such as its operating point."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment, Version


class InstitutionSettingRow(Base):
    """One setting of one institution, by its name."""

    __tablename__ = "choices"

    institution: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    version: Mapped[Version]
    updated_at: Mapped[Moment]
    updated_by: Mapped[str]
