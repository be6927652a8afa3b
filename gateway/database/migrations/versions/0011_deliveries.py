"""Destinations of results, and the deliveries to them; each new report is planned once."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# Also a worker of the release before writes reports while both run, so the database remembers them.
TRIGGER = """
CREATE FUNCTION remember_unplanned_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unplanned_reports (analysis_id, scan_id) VALUES (NEW.analysis_id, NEW.scan_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER remember_unplanned_report AFTER INSERT ON reports
    FOR EACH ROW EXECUTE FUNCTION remember_unplanned_report()
"""


def upgrade() -> None:
    """Make the tables and the trigger. Reports from before are sent by request alone."""
    _destinations()
    _deliveries()
    op.create_table(
        "unplanned_reports",
        sa.Column("analysis_id", sa.Uuid, nullable=False),
        sa.Column("scan_id", sa.Uuid, nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("analysis_id", name="pk_unplanned_reports"),
    )
    op.execute(TRIGGER)


def _destinations() -> None:
    op.create_table(
        "destinations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("host", sa.Text),
        sa.Column("port", sa.Integer),
        sa.Column("called_ae", sa.Text),
        _flag("tls"),
        sa.Column("url", sa.Text),
        sa.Column("credential", sa.Text),
        sa.Column("encodings", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        _flag("by_default"),
        _flag("storage_commitment"),
        sa.Column("enabled", sa.Boolean, server_default="true", nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("down_since", sa.DateTime(timezone=True)),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        _counter("failures"),
        sa.Column("error", sa.Text),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_destinations"),
        sa.UniqueConstraint("institution", "name", name="uq_destinations_institution_name"),
        sa.CheckConstraint("kind IN ('dimse', 'stow')", name="ck_destinations_kind"),
        sa.CheckConstraint(
            "CASE kind WHEN 'dimse' THEN host IS NOT NULL AND port IS NOT NULL AND called_ae IS NOT NULL"
            " ELSE url IS NOT NULL END",
            name="ck_destinations_address",
        ),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("scan_id", sa.Uuid, nullable=False),
        sa.Column("analysis_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, server_default="waiting", nullable=False),
        _flag("urgent"),
        _counter("attempt"),
        _counter("failures"),
        _moment("next_attempt_at"),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text),
        sa.Column("detail", sa.Text),
        _counter("objects"),
        _counter("objects_stored"),
        sa.Column("transaction_uid", sa.Text),
        sa.Column("commitment_due_at", sa.DateTime(timezone=True)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("committed_at", sa.DateTime(timezone=True)),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("analysis_id", "destination", name="uq_deliveries_analysis_id_destination"),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name="fk_deliveries_scan_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.id"], name="fk_deliveries_analysis_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'committed', 'failed')", name="ck_deliveries_state"
        ),
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["institution", "destination", "next_attempt_at"],
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_index("ix_deliveries_newest", "deliveries", ["institution", "created_at", "id"])
    op.create_index("ix_deliveries_of_scan", "deliveries", ["scan_id"])
    op.create_index("ix_deliveries_state", "deliveries", ["institution", "destination", "state", "updated_at"])
    op.create_index("uq_deliveries_transaction_uid", "deliveries", ["transaction_uid"], unique=True)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, server_default="false", nullable=False)


def _counter(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, server_default="0", nullable=False)
