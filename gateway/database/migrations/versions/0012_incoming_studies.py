"""Studies from the network, their instances, and the identifiers of patients."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "patient_identifiers",
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("institution", "issuer", "number", name="pk_patient_identifiers"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name="fk_patient_identifiers_patient_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_patient_identifiers_of_patient", "patient_identifiers", ["patient_id"])
    _make_studies()
    _make_instances()


def _make_studies() -> None:
    op.create_table(
        "incoming_studies",
        sa.Column("id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("institution", "study_uid", "source", "sender")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("requested_by", "number", "issuer")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("first_name", "last_name", "description")),
        sa.Column("age_years", sa.Float),
        sa.Column("patient_id", sa.Uuid),
        sa.Column("urgent", sa.Boolean, server_default="false", nullable=False),
        sa.Column("version", sa.Integer, server_default="0", nullable=False),
        sa.Column("first_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("last_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("failures", sa.Integer, server_default="0", nullable=False),
        sa.Column("retry_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_incoming_studies"),
        sa.UniqueConstraint("institution", "study_uid", name="uq_incoming_studies_institution_study_uid"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name="fk_incoming_studies_patient_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("source IN ('dimse', 'stow', 'archive', 'upload')", name="ck_incoming_studies_source"),
    )
    op.create_index("ix_incoming_studies_of_patient", "incoming_studies", ["patient_id"])


def _make_instances() -> None:
    op.create_table(
        "incoming_instances",
        sa.Column("study_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("sop_uid", "series_uid", "modality", "body_part")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("station", "series_description", "digest")),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("waiting_key", sa.Text),
        sa.Column("scan_id", sa.Uuid),
        sa.Column("scan_offset", sa.BigInteger),
        sa.Column("received_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "sop_uid", name="pk_incoming_instances"),
        sa.ForeignKeyConstraint(
            ["study_id"], ["incoming_studies.id"], name="fk_incoming_instances_study_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_incoming_instances_scan_id", ondelete="CASCADE"),
        sa.CheckConstraint("(waiting_key IS NULL) <> (scan_id IS NULL)", name="ck_incoming_instances_place"),
    )
    op.create_index("ix_incoming_instances_of_scan", "incoming_instances", ["scan_id"])
    op.create_index(
        "ix_incoming_instances_waiting",
        "incoming_instances",
        ["study_id", "waiting_key"],
        postgresql_where="waiting_key IS NOT NULL",
    )
