"""Where scans from the network came from, and where their results go."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "scan_origins",
        sa.Column("scan_id", sa.Uuid, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("rule", sa.Text),
        sa.Column("destinations", sa.ARRAY(sa.Text)),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name="pk_scan_origins"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_scan_origins_scan_id", ondelete="CASCADE"),
        sa.CheckConstraint("source IN ('dimse', 'stow', 'archive', 'upload')", name="ck_scan_origins_source"),
    )
