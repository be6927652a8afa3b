"""The index of what is held as DICOM, for searches over DICOMweb."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"

NOW = sa.func.now()


def upgrade() -> None:
    """Make the tables, empty: every scan is read once more, in the background."""
    op.create_table(
        "dicom_indexes",
        sa.Column("scan_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("indexed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name="pk_dicom_indexes"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_dicom_indexes_scan_id", ondelete="CASCADE"),
    )
    op.create_table(
        "dicom_studies",
        sa.Column("scan_id", sa.Uuid, nullable=False),
        sa.Column("study_uid", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("patient_name", "patient_id", "accession_number", "study_date")
        ),
        sa.Column("attributes", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("scan_id", "study_uid", name="pk_dicom_studies"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_dicom_studies_scan_id", ondelete="CASCADE"),
    )
    op.create_index("ix_dicom_studies_newest", "dicom_studies", ["institution", "study_uid", "scanned_at", "scan_id"])
    op.create_index("ix_dicom_studies_date", "dicom_studies", ["institution", "study_date", "study_uid"])
    op.create_table(
        "dicom_series",
        sa.Column("scan_id", sa.Uuid, nullable=False),
        sa.Column("study_uid", sa.Text, nullable=False),
        sa.Column("series_uid", sa.Text, nullable=False),
        sa.Column("report_id", sa.Uuid),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("modality", sa.Text, nullable=False),
        sa.Column("is_ct", sa.Boolean, nullable=False),
        sa.Column("instances", sa.Integer, nullable=False),
        sa.Column("attributes", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("scan_id", "study_uid", "series_uid", name="pk_dicom_series"),
        sa.ForeignKeyConstraint(
            ["scan_id", "study_uid"],
            ["dicom_studies.scan_id", "dicom_studies.study_uid"],
            name="fk_dicom_series_scan_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name="fk_dicom_series_report_id", ondelete="CASCADE"),
    )
    op.create_index("ix_dicom_series_uid", "dicom_series", ["series_uid"])
    op.create_index("ix_dicom_series_report", "dicom_series", ["report_id"])
