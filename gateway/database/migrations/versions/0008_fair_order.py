"""Turns of the job queue, when a retried analysis may run again, and what each institution has uploaded in a day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables and the index; the table `usage` is counted up by each accepted upload."""
    op.add_column("analyses", sa.Column("paused_until", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_analyses_fair_order",
        "analyses",
        ["urgent", "institution", "requested_by", "queued_at", "id"],
        postgresql_where=sa.text("state IN ('queued')"),
    )
    op.create_table(
        "analysis_turns",
        sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_analysis_turns"),
    )
    op.create_index("ix_analysis_turns_urgent", "analysis_turns", ["urgent", "number"])
    op.create_index("ix_analysis_turns_institution", "analysis_turns", ["institution", "urgent", "number"])
    op.create_index("ix_analysis_turns_principal", "analysis_turns", ["institution", "principal", "urgent", "number"])
    op.create_table(
        "usage",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("principal", sa.Text, nullable=False),
        sa.Column("scans", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "institution", "principal", name="pk_usage"),
    )
