"""The index of what is held as DICOM: studies and series of scans, for searches over DICOMweb.

It is derived from the uploads and holds patients' data, so it goes with the scan.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Moment


class DicomIndexRow(Base):
    """A scan whose upload was read for the index, and by which version; `error` says why nothing of it is listed."""

    __tablename__ = "dicom_indexes"

    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    error: Mapped[str | None]
    indexed_at: Mapped[Moment]


class DicomStudyRow(Base):
    """A study of a scan. `attributes` is DICOM JSON of the study; the columns repeat what searches match."""

    __tablename__ = "dicom_studies"

    scan_id: Mapped[UUID] = mapped_column(ForeignKey("scans.id", ondelete="CASCADE"), primary_key=True)
    study_uid: Mapped[str] = mapped_column(primary_key=True)
    institution: Mapped[str]
    scanned_at: Mapped[Moment]
    patient_name: Mapped[str]
    patient_id: Mapped[str]
    accession_number: Mapped[str]
    study_date: Mapped[str]
    attributes: Mapped[dict[str, Any]]

    __table_args__ = (
        Index("ix_dicom_studies_newest", "institution", "study_uid", "scanned_at", "scan_id"),
        Index("ix_dicom_studies_date", "institution", "study_date", "study_uid"),
    )


class DicomSeriesRow(Base):
    """A series of a study: of the upload, or the objects of one kind that were made of a report.

    `is_ct`: all of it are CT images that do not say that text is burned in.
    """

    __tablename__ = "dicom_series"

    scan_id: Mapped[UUID] = mapped_column(primary_key=True)
    study_uid: Mapped[str] = mapped_column(primary_key=True)
    series_uid: Mapped[str] = mapped_column(primary_key=True)
    report_id: Mapped[UUID | None] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    place: Mapped[int]
    modality: Mapped[str]
    is_ct: Mapped[bool]
    instances: Mapped[int]
    attributes: Mapped[dict[str, Any]]

    __table_args__ = (
        ForeignKeyConstraint(
            ["scan_id", "study_uid"], ["dicom_studies.scan_id", "dicom_studies.study_uid"], ondelete="CASCADE"
        ),
        Index("ix_dicom_series_uid", "series_uid"),
        Index("ix_dicom_series_report", "report_id"),
    )
