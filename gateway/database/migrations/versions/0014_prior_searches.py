"""Searches for prior studies in an archive."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "prior_searches",
        sa.Column("scan_id", sa.Uuid, nullable=False),
        sa.Column("ended", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scan_id", name="pk_prior_searches"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_prior_searches_scan_id", ondelete="CASCADE"),
    )
