"""Patients, scans, and the blobs of the uploads."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, SmallInteger, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.database.tables.base import Base, Flag, Id, Moment, Size, Version, one_of


class ScanStatus(StrEnum):
    """The status of a scan: `received` before its first analysis, then the state of its newest analysis."""

    RECEIVED = "received"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


VERDICTS = ("normal", "pathology", "not_analysed")

# The worklist's order by suspicion: pathology, not analysed or failed, normal, not screened yet.
RANK = """CASE WHEN verdict = 'pathology' THEN 0
    WHEN verdict = 'not_analysed' OR status = 'failed' THEN 1
    WHEN verdict = 'normal' THEN 2
    ELSE 3 END"""


class PatientRow(Base):
    """A patient. `pseudonym` is random, so that it identifies nobody, and never changes."""

    __tablename__ = "patients"

    id: Mapped[Id]
    institution: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    description: Mapped[str | None]
    pseudonym: Mapped[str]
    version: Mapped[Version]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    search: Mapped[str] = mapped_column(
        Computed(
            # The first name twice: a search may be for "Anna Smith" or "Smith Anna".
            "lower(first_name || ' ' || last_name || ' ' || first_name || ' ' || coalesce(description, ''))",
            persisted=True,
        ),
        deferred=True,
    )

    __table_args__ = (
        Index("uq_patients_pseudonym", "institution", "pseudonym", unique=True),
        Index("ix_patients_newest", "institution", "created_at", "id"),
        Index("ix_patients_name", "institution", "last_name", "first_name", "id"),
        Index("ix_patients_words", func.trigrams(search), postgresql_using="gin"),
    )


class BlobRow(Base):
    """The bytes of an upload, by their SHA-256: the same file twice is one blob."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[Size]
    created_at: Mapped[Moment]

    __table_args__ = (CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),)


class ScanRow(Base):
    """An upload of a patient. The columns from `status` on copy its newest analysis, so that a list needs one table.

    `patient_words` copies the patient's name, so that a search needs one column and one index.
    """

    __tablename__ = "scans"

    id: Mapped[Id]
    institution: Mapped[str]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"))
    description: Mapped[str | None]
    file_name: Mapped[str]
    patient_words: Mapped[str] = mapped_column(default="", server_default="", deferred=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    version: Mapped[Version]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    status: Mapped[str] = mapped_column(default=ScanStatus.RECEIVED, server_default=ScanStatus.RECEIVED)
    urgent: Mapped[Flag]
    study_uid: Mapped[str | None]
    verdict: Mapped[str | None]
    probability: Mapped[float | None] = mapped_column()
    finding: Mapped[str | None]
    error: Mapped[str | None]
    analysis_id: Mapped[UUID | None]
    search: Mapped[str] = mapped_column(
        Computed(
            "lower(patient_words || ' ' || file_name || ' ' || coalesce(description, '') || ' '"
            " || coalesce(study_uid, ''))",
            persisted=True,
        ),
        deferred=True,
    )
    rank: Mapped[int] = mapped_column(SmallInteger, Computed(RANK, persisted=True), deferred=True)

    patient: Mapped[PatientRow] = relationship(lazy="raise")
    blob: Mapped[BlobRow] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint(one_of("status", ScanStatus), name="status"),
        CheckConstraint(one_of("verdict", VERDICTS), name="verdict"),
        Index("ix_scans_newest", "institution", "created_at", "id"),
        Index("ix_scans_of_patient", "patient_id", "created_at", "id"),
        Index("ix_scans_status", "institution", "status", "created_at", "id"),
        Index("ix_scans_kinds", "institution", "status", "verdict"),
        Index("ix_scans_words", func.trigrams(search), postgresql_using="gin"),
        Index("ix_scans_verdict", "institution", "verdict", "created_at", "id"),
        Index("ix_scans_suspicion", "institution", rank.desc(), probability.nulls_first(), "created_at", "id"),
        Index("ix_scans_sha256", "sha256"),
    )
