"""Everything of the first release: our tables, the audit's trigger, and procrastinate's queue."""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, as 0001_records.sql says, and the queue's, as procrastinate says."""
    for script in (Path(__file__).with_suffix(".sql").read_text(), SchemaManager.get_schema()):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))  # psycopg reads a lone % as a placeholder
