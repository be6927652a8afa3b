"""Turns of the job queue: which institution and principal was served, in the order of the numbers."""

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment


class ServedPartyRow(Base):
    """One claim of an analysis. It does not refer to the analysis: deleting that does not undo the turn."""

    __tablename__ = "analysis_turns"

    number: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    urgent: Mapped[bool]
    institution: Mapped[str]
    principal: Mapped[str]
    at: Mapped[Moment]

    __table_args__ = (
        Index("ix_analysis_turns_urgent", "urgent", "number"),
        Index("ix_analysis_turns_institution", "institution", "urgent", "number"),
        Index("ix_analysis_turns_principal", "institution", "principal", "urgent", "number"),
    )
