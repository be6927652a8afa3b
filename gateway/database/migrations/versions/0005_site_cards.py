"""Model cards that were calibrated on a site's own studies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "site_cards",
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("card", JSONB(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("institution", "version", name="pk_site_cards"),
        sa.CheckConstraint("version LIKE 'site-%'", name="ck_site_cards_version"),
    )
