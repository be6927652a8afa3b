"""Usage: what each principal of an institution has had accepted on a day."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Size


class UsageRow(Base):
    """Scans and bytes of one day (UTC). The row of the whole institution has an empty principal."""

    __tablename__ = "usage"

    day: Mapped[date] = mapped_column(primary_key=True)
    institution: Mapped[str] = mapped_column(primary_key=True)
    principal: Mapped[str] = mapped_column(primary_key=True)
    scans: Mapped[Size] = mapped_column(default=0, server_default="0")
    bytes: Mapped[Size] = mapped_column(default=0, server_default="0")
