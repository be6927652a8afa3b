"""Senders that were refused; the list of what came in by time."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the table, and the index of the list."""
    op.create_table(
        "refused_senders",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("institution", "source", "sender", "reason")),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution", "source", "sender", "reason", name="pk_refused_senders"),
        sa.CheckConstraint("source IN ('dimse', 'stow', 'archive', 'upload')", name="ck_refused_senders_source"),
    )
    op.create_index("ix_refused_senders_newest", "refused_senders", ["institution", "last_at"])
    op.create_index("ix_incoming_studies_newest", "incoming_studies", ["institution", "last_at", "id"])
