"""The hits that rate limits count, shared by gateway processes."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table. It is not written to the WAL: after a crash of the server it is empty, and counts begin at 0."""
    op.create_table(
        "rate_limit_counts",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "number", name="pk_rate_limit_counts"),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_rate_limit_counts_expires_at", "rate_limit_counts", ["expires_at"])
