"""Studies from the network: their instances, and which patient an identifier names."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Counter, Flag, Id, Moment, Size, one_of
from gateway.database.tables.scan_origins import Source


class PatientIdentifierRow(Base):
    """Patient ID (0010,0020) and Issuer of Patient ID (0010,0021, or empty) -> a patient of the institution."""

    __tablename__ = "patient_identifiers"

    institution: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))

    __table_args__ = (Index("ix_patient_identifiers_of_patient", "patient_id"),)


class IncomingStudyRow(Base):
    """A study from the network, while its instances come and later, for those that come late.

    `patient_id` is null, and the name is there, until its first scan; `version` is the number of its scans. Its last
    instance came at `last_at`. A scan that could not be made is tried again at `retry_at`.
    """

    __tablename__ = "incoming_studies"

    id: Mapped[Id]
    institution: Mapped[str]
    study_uid: Mapped[str]
    source: Mapped[Source] = mapped_column(Text)
    sender: Mapped[str]
    requested_by: Mapped[str]
    number: Mapped[str]
    issuer: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    description: Mapped[str]
    age_years: Mapped[float | None] = mapped_column()
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    urgent: Mapped[Flag]
    version: Mapped[Counter]
    first_at: Mapped[Moment]
    last_at: Mapped[Moment]
    failures: Mapped[Counter]
    retry_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("institution", "study_uid"),
        CheckConstraint(one_of("source", Source), name="source"),
        Index("ix_incoming_studies_of_patient", "patient_id"),
        Index("ix_incoming_studies_newest", "institution", "last_at", "id"),
    )


class IncomingInstanceRow(Base):
    """One instance of such a study: it waits under `waiting_key`, or is in the file of a scan, from `scan_offset` on.

    `digest` is the SHA-256 of its data set.
    """

    __tablename__ = "incoming_instances"

    study_id: Mapped[UUID] = mapped_column(ForeignKey("incoming_studies.id", ondelete="CASCADE"), primary_key=True)
    sop_uid: Mapped[str] = mapped_column(primary_key=True)
    series_uid: Mapped[str]
    modality: Mapped[str]
    body_part: Mapped[str]
    station: Mapped[str]
    series_description: Mapped[str]
    digest: Mapped[str]
    size: Mapped[Size]
    waiting_key: Mapped[str | None]
    scan_id: Mapped[UUID | None] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"))
    scan_offset: Mapped[Size | None]
    received_at: Mapped[Moment]

    __table_args__ = (
        CheckConstraint("(waiting_key IS NULL) <> (scan_id IS NULL)", name="place"),
        Index("ix_incoming_instances_of_scan", "scan_id"),
        Index("ix_incoming_instances_waiting", "study_id", "waiting_key", postgresql_where="waiting_key IS NOT NULL"),
    )
