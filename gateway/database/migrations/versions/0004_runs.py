"""Mass runs, and which uploads each of them put into the queue."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# The key to a scan sets its column null when the scan is deleted; the path, which may name a patient, goes with it.
FORGET = """
CREATE FUNCTION forget_run_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.item := NULL;
    RETURN NEW;
END
$$
"""
FORGETS = """
CREATE TRIGGER forget_run_item BEFORE UPDATE OF scan_id ON run_items FOR EACH ROW
WHEN (OLD.scan_id IS NOT NULL AND NEW.scan_id IS NULL) EXECUTE FUNCTION forget_run_item()
"""


def upgrade() -> None:
    """Make the tables and the trigger."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("patient_id", sa.Uuid),
        sa.Column("uploads", sa.Integer, server_default="0", nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("institution", "name", name="uq_runs_institution_name"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name="fk_runs_patient_id", ondelete="SET NULL"),
    )
    op.create_index("ix_runs_of_patient", "runs", ["patient_id"])
    op.create_table(
        "run_items",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("item", sa.Text),
        sa.Column("scan_id", sa.Uuid),
        sa.Column("error", sa.Text),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_run_items"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_items_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_run_items_scan_id", ondelete="SET NULL"),
        sa.CheckConstraint("scan_id IS NULL OR error IS NULL", name="ck_run_items_outcome"),
    )
    op.create_index("ix_run_items_in_order", "run_items", ["run_id", "number"])
    op.create_index("ix_run_items_of_scan", "run_items", ["scan_id"])
    op.execute(FORGET)
    op.execute(FORGETS)
